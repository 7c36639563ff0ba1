/* SPDX-License-Identifier: ISC */
#include "check/checks.h"
#include "check/exposed.h"
#include "fact/address-reach.h"
#include "fact/time-servers.h"

enum {
	SERVERS_MAX = 8,
};

/* What is asked of each server. */
struct asking {
	const struct check *check;
	const struct address_list *trusted;
	struct arena *arena;
};

/* Something that a server does for sources of a list, where it listens. */
struct service {
	const char *what; /* "serves the time to" */
	const struct address_list *listen, *list;
	const char *limit;
};

/* Whether something was said of it; -ENOMEM. */
static int judge_service(const struct asking *q, const struct time_server *s,
	const struct service *x, struct verdict *ret)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		char text[NET_TEXT_MAX];
		struct net from;
		int m = address_reach_beyond(q->arena, x->listen, families[i]);
		if (m > 0)
			m = address_reach_outside(
				q->arena, x->list, families[i], q->trusted, &from);
		if (m < 0)
			return m;
		if (m < ADDRESS_TAKEN)
			continue;
		verdict_add(
			ret, &(struct evidence){
				     .result = m == ADDRESS_TAKEN ? RESULT_FAIL : RESULT_UNKNOWN,
				     .severity = q->check->severity,
				     .subject = arena_printf(q->arena, "ntp %s", s->program),
				     .path = x->list->path ? x->list->path : s->path,
				     .line = x->list->line,
				     .observed = arena_printf(q->arena,
					     "%s%s %s, outside of the trusted networks",
					     m == ADDRESS_TAKEN ? "" : "maybe ", x->what,
					     net_text(&from, text)),
				     .expected = arena_printf(q->arena,
					     "limited to trusted networks (%s)", x->limit),
			     });
		return 1;
	}
	return 0;
}

/* 0 or -ENOMEM. */
static int judge(const struct asking *q, const struct time_server *s, struct verdict *ret)
{
	const char *subject = arena_printf(q->arena, "ntp %s", s->program);

	if (s->fault) {
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_ERROR,
					 .subject = subject,
					 .path = s->fault_path ? s->fault_path : s->path,
					 .line = s->fault_line,
					 .observed = s->fault,
					 .expected = "a configuration that can be read to its end",
				 });
		return 0;
	}
	const struct service serves = {"serves the time to", s->listen, s->serve, s->limit};
	const struct service answers = {arena_printf(q->arena, "answers %s%s of", s->control_name,
						s->mode7.path ? " and mode 7 (monlist)" : ""),
		s->control_listen, s->control, s->control_limit};
	int r = judge_service(q, s, &serves, ret);
	int k = r < 0 ? r : judge_service(q, s, &answers, ret);
	if (r != 0 || k != 0)
		return k < 0 ? k : 0;
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_PASS,
				 .subject = subject,
				 .path = s->path,
				 .observed = "serves nobody outside of the trusted networks",
			 });
	return 0;
}

/* trusted_networks as a list. NULL on ENOMEM. */
static const struct address_list *trusted_list(struct arena *a, const struct policy *policy)
{
	struct address_list *list = arena_alloc(a, sizeof(*list));
	const struct net *v = NULL;
	size_t n = 0;

	if (!list || exposed_trusted(a, policy, &v, &n) < 0)
		return NULL;
	struct address_element *e = arena_alloc(a, (n + 1) * sizeof(*e));
	for (size_t i = 0; e && i < n; i++)
		e[i] = (struct address_element){.kind = ADDRESS_NET, .net = v[i]};
	*list = (struct address_list){e, n, NULL, 0};
	return e ? list : NULL;
}

static void evaluate_ntp(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	struct asking q = {.check = c, .arena = ret->arena};
	const char *const *units[SERVERS_MAX + 1] = {NULL};
	size_t n = 0;
	int r = 0;

	if (!check_facts_usable(facts, FACT_BIT(FACT_TIME_SERVERS), ret))
		return;
	const struct time_servers *t = factset_get(facts, FACT_TIME_SERVERS)->u.time_servers;
	q.trusted = trusted_list(q.arena, policy);
	for (size_t i = 0; q.trusted && r == 0 && i < t->n && n < SERVERS_MAX; i++) {
		if (!exposed_is_on(facts, t->v[i].units))
			continue;
		units[n++] = t->v[i].units;
		r = judge(&q, &t->v[i], ret);
	}
	if (!q.trusted || r < 0)
		return; /* the arena remembers */
	exposed_strangers(facts,
		&(struct exposed_port){
			.port = 123, .udp = true, .service = "time", .judged = units},
		ret);
	if (ret->n_evidence == 0)
		verdict_set(ret, RESULT_NOTAPPLICABLE,
			t->n > 0 ? "the time servers that are installed are switched off"
				 : "no time server is installed");
	else if (ret->result == RESULT_PASS)
		verdict_summary(ret,
			"%zu time server%s: nobody outside of the trusted networks is "
			"served, by configuration",
			n, n == 1 ? "" : "s");
}

const struct check check_ntp_exposure = {
	.id = "ntp-exposure",
	.title = "An NTP server here serves known hosts only, and no monlist",
	.severity = SEV_MEDIUM,
	.guides = "N06",
	.references = "chrony.conf(5), ntp.conf(5), ntpd.conf(5)",
	.rationale =
		"A small query for the list of clients brings a large answer to a forged "
		"address: such servers are used to flood others. Judged by the configuration of "
		"chrony, ntp, ntpsec and openntpd: neither was the port asked, nor the firewall "
		"before it.",
	.remedy = "chrony: no `allow` line in /etc/chrony/chrony.conf and its conf.d, or `allow "
		  "192.0.2.0/24`, then `systemctl restart chrony`. ntpsec: `restrict default "
		  "ignore` and `restrict source kod nomodify nopeer noquery limited` in "
		  "/etc/ntpsec/ntp.conf, `restrict 192.0.2.0 mask 255.255.255.0 kod nomodify "
		  "noquery` for whom it serves, then `systemctl restart ntpsec`. ntp: the same in "
		  "/etc/ntp.conf, with `disable monitor`.",
	.remedy_rhel = "chrony: no `allow` line in /etc/chrony.conf, or `allow 192.0.2.0/24`, then "
		       "`systemctl restart chronyd`. ntp: `restrict default ignore`, `restrict "
		       "source nomodify noquery`, `restrict 192.0.2.0 mask 255.255.255.0 nomodify "
		       "noquery` for whom it serves, and `disable monitor` in /etc/ntp.conf, then "
		       "`systemctl restart ntpd`.",
	.facts = FACT_BIT(FACT_TIME_SERVERS) | FACT_BIT(FACT_UNITS) | FACT_BIT(FACT_LISTENERS),
	.evaluate = evaluate_ntp,
};
