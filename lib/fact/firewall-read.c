/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/wait.h>

#include "base/netlink.h"
#include "base/text.h"
#include "fact/firewall-internal.h"
#include "filter/read-nft.h"
#include "filter/read-save.h"

enum {
	TRIES = 4,
	TIMEOUT_SECONDS = 30,
};

/* What the kernel itself tells of nf_tables. */
struct tables {
	size_t n;
	size_t foreign;	     /* that are not named as iptables names its own */
	uint16_t generation; /* changes with each change of the rules */
};

static const struct firewall_lister nft = {
	"nft",
	{FIREWALL_ARGV("/usr/sbin/nft", "-j", "list", "ruleset"),
		FIREWALL_ARGV("/sbin/nft", "-j", "list", "ruleset")},
	"the kernel has rules of nftables, but nft is not installed to list them: install the "
	"package nftables",
};

static const struct firewall_lister plain = {
	"nft",
	{FIREWALL_ARGV("/usr/sbin/nft", "list", "ruleset"),
		FIREWALL_ARGV("/sbin/nft", "list", "ruleset")},
	"",
};

static const struct firewall_lister saves[2] = {
	{
		"iptables-nft-save",
		{FIREWALL_ARGV("/usr/sbin/iptables-nft-save"),
			FIREWALL_ARGV("/usr/sbin/xtables-nft-multi", "iptables-save")},
		"the kernel has rules of iptables, but neither nft nor iptables-nft-save is "
		"installed to list them: install the package nftables",
	},
	{
		"ip6tables-nft-save",
		{FIREWALL_ARGV("/usr/sbin/ip6tables-nft-save"),
			FIREWALL_ARGV("/usr/sbin/xtables-nft-multi", "ip6tables-save")},
		"the kernel has rules of ip6tables, but neither nft nor ip6tables-nft-save is "
		"installed to list them: install the package nftables",
	},
};

static bool is_of_iptables(const struct nfgenmsg *m, const char *name)
{
	static const char *const names[] = {"filter", "nat", "mangle", "raw", "security"};

	if (m->nfgen_family != AF_INET && m->nfgen_family != AF_INET6)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static int each_table(const struct nlmsghdr *h, void *arg)
{
	const struct nfgenmsg *m = NLMSG_DATA(h);
	struct tables *t = arg;
	char name[NFT_TABLE_MAXNAMELEN] = "";

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE) ||
		h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EBADMSG;
	const struct rtattr *a = netlink_attr(h, sizeof(*m), NFTA_TABLE_NAME, 1);
	if (a)
		memcpy(name, RTA_DATA(a), MIN(RTA_PAYLOAD(a), sizeof(name) - 1));
	t->n++;
	t->foreign += !is_of_iptables(m, name);
	t->generation = ntohs(m->res_id);
	return 0;
}

/* 0; -errno. A kernel without nf_tables has no tables. */
static int ask_tables(struct tables *ret)
{
	const struct {
		struct nlmsghdr h;
		struct nfgenmsg m;
	} ask = {.h = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.m = {.version = NFNETLINK_V0}};
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		*ret = (struct tables){0};
		r = netlink_dump(NETLINK_NETFILTER, &ask.h, each_table, ret);
	}
	/* These two: no such subsystem, no such protocol. */
	return r == -EINVAL || r == -EPROTONOSUPPORT ? 0 : r;
}

/* The first line of what a program said. */
static const char *first_line(struct arena *a, const char *text)
{
	return text_escape(a, text, strcspn(text, "\n"), 200);
}

int firewall_list(const struct collect *c, struct arena *a, const struct firewall_lister *l,
	const char **ret, const char **ret_why)
{
	_cleanup_(child_result_fini) struct child_result res = {0};
	int r = -ENOENT;

	for (size_t i = 0; l->argv[i] && r == -ENOENT; i++)
		r = child_run(c->memo, l->argv[i], NULL, TIMEOUT_SECONDS * USEC_PER_SEC,
			FIREWALL_OUTPUT_MAX, &res);
	if (r == -ENOENT || r == -ENOMEM)
		return r;
	if (r < 0) {
		*ret_why = arena_printf(a, "%s: %s", l->name, fsio_strerror(r));
		return r;
	}
	if (!WIFEXITED(res.status) || WEXITSTATUS(res.status) != 0) {
		*ret_why = arena_printf(a, "%s failed: %s", l->name,
			*res.err ? first_line(a, res.err) : "without a word");
		return -EIO;
	}
	*ret = arena_memdup(a, res.out, res.out_size);
	return *ret ? 0 : -ENOMEM;
}

/* The same where the kernel says that there is something to list: -ENOENT is told, too. */
static int list_needed(const struct collect *c, struct arena *a, const struct firewall_lister *l,
	const char **ret, const char **ret_why)
{
	int r = firewall_list(c, a, l, ret, ret_why);

	if (r != -ENOENT)
		return r;
	*ret_why = l->missing;
	return -EIO;
}

/*
 * What nft does not know it shows as "xt": then iptables' own program tells it.
 * Where that is not installed, such an expression stays one that nobody knows.
 */
static int list_nft(const struct collect *c, struct arena *a, const struct tables *t,
	struct firewall_texts *x, const char **ret_why)
{
	int r = t->n > 0 ? firewall_list(c, a, &nft, &x->nft, ret_why) : 0;
	bool missing = r == -ENOENT;

	if (missing && t->foreign > 0) {
		*ret_why = nft.missing;
		return -EIO;
	}
	/* Without it, by which interface such a chain is called stays unknown. */
	if (r == 0 && x->nft && (strstr(x->nft, "\"ingress\"") || strstr(x->nft, "\"egress\"")) &&
		!strstr(x->nft, "\"dev\"")) {
		const char *why = NULL;
		if (firewall_list(c, a, &plain, &x->plain, &why) == -ENOMEM)
			return -ENOMEM;
	}
	if (t->n == 0 || (r < 0 && !missing) || (x->nft && !strstr(x->nft, "\"xt\"")))
		return r;
	r = 0;
	for (unsigned v6 = 0; r == 0 && v6 < 2; v6++) {
		r = missing ? list_needed(c, a, &saves[v6], &x->save[v6], ret_why)
			    : firewall_list(c, a, &saves[v6], &x->save[v6], ret_why);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

/* What the savers of one family say: of iptables-nft, then of iptables-legacy. */
static int parse_saves(struct arena *a, struct ruleset *rs, const struct firewall_texts *x,
	unsigned v6, const char **ret_why)
{
	const char *const texts[] = {x->save[v6], x->legacy[v6]};
	const struct firewall_lister *const listers[] = {&saves[v6], &firewall_legacies[v6]};
	const char *why = NULL;
	unsigned line = 0;
	int r = 0;

	for (unsigned legacy = 0; r == 0 && legacy < ARRAY_SIZE(texts); legacy++) {
		if (texts[legacy])
			r = read_save(
				rs, v6 ? RULE_IP6 : RULE_IP, legacy, texts[legacy], &line, &why);
		if (r == -EBADMSG)
			*ret_why = arena_printf(
				a, "%s: line %u: %s", listers[legacy]->name, line, why);
	}
	return r;
}

int firewall_parse(struct arena *a, const struct firewall_texts *texts, struct ruleset **ret,
	const char **ret_why)
{
	struct ruleset *rs = ruleset_new_in(a);
	size_t offset = 0;
	int r = rs ? 0 : -ENOMEM;

	if (r == 0 && texts->nft)
		r = nft_read(rs, texts->nft, strlen(texts->nft), &offset);
	if (r == 0 && texts->plain)
		r = nft_read_devices(rs, texts->plain);
	if (r == -EBADMSG)
		*ret_why = arena_printf(
			a, "nft -j list ruleset: byte %zu is not the JSON expected", offset);
	for (unsigned v6 = 0; r == 0 && v6 < 2; v6++)
		r = parse_saves(a, rs, texts, v6, ret_why);
	if (r == 0)
		r = ruleset_finish(rs);
	if (r == 0)
		*ret = rs;
	return r;
}

/* Texts that were all read of one state of the rules. */
static int read_texts(const struct collect *c, struct arena *tmp, struct firewall_texts *ret,
	const char **ret_why)
{
	struct tables before, after;
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		struct firewall_texts x = {0};
		*ret_why = NULL;
		r = ask_tables(&before);
		if (r == 0)
			r = list_nft(c, tmp, &before, &x, ret_why);
		if (r == 0)
			r = firewall_legacy(c, tmp, x.legacy, ret_why);
		if (r == 0)
			r = ask_tables(&after);
		if (r < 0)
			break;
		*ret = x;
		if (before.n == after.n && before.generation == after.generation)
			return 0;
		r = -EAGAIN;
	}
	if (r == -EPERM)
		*ret_why = "the kernel lists its packet filter for root with CAP_NET_ADMIN only";
	else if (r == -EAGAIN)
		*ret_why = "the rules of the packet filter changed each time they were read";
	else if (!*ret_why)
		*ret_why = arena_printf(
			tmp, "the kernel's list of nftables' tables: %s", strerror(-r));
	return r;
}

int firewall_read(
	const struct collect *c, struct arena *a, struct ruleset **ret, const char **ret_why)
{
	_cleanup_(arena_freep) struct arena *tmp = arena_new();
	struct firewall_texts texts = {0};
	const char *why = NULL;
	int r = tmp ? read_texts(c, tmp, &texts, &why) : -ENOMEM;

	if (r == 0)
		return firewall_parse(a, &texts, ret, ret_why);
	*ret_why = why ? arena_strdup(a, why) : NULL;
	return r;
}
