/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/checks.h"
#include "check/firewall-remedy.h"
#include "check/listener-pattern.h"
#include "check/reach.h"
#include "fact/accepted.h"

/* Those that wait for others: what a check of this file looks at. */
static bool is_open(const struct listener *l)
{
	return !l->loopback && !l->passing && l->protocol != LISTENER_RAW;
}

static const struct listeners *usable(const struct factset *facts, struct verdict *ret)
{
	if (!check_facts_usable(facts, FACT_BIT(FACT_LISTENERS), ret))
		return NULL;
	const struct listeners *l = factset_get(facts, FACT_LISTENERS)->u.listeners;
	if (l->cut > 0)
		verdict_add(ret, &(struct evidence){
					 .result = RESULT_UNKNOWN,
					 .subject = "sockets",
					 .observed = arena_printf(ret->arena,
						 "%zu more than were looked at", l->cut),
					 .expected = "looked at, each of them",
				 });
	return l;
}

/* ---- what is expected ---- */

#define EXPECTED "named in `listeners` of [policy], accepted, or not there"

/* unread: why the baseline is not known; NULL: it is, or there is no daemon that has one. */
static void report_unexpected(const struct check *c, const struct listener *l, const char *value,
	const char *unread, struct verdict *ret)
{
	verdict_add(ret, &(struct evidence){
				 .result = RESULT_FAIL,
				 .severity = c->severity,
				 .subject = arena_printf(ret->arena, "listener %s", l->text),
				 .observed = value,
				 .expected = unread ? arena_printf(ret->arena,
							      EXPECTED "; what was accepted is not "
								       "known: %s",
							      unread)
						    : EXPECTED,
			 });
}

static void evaluate_allowlist(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct fact *baseline = factset_get(facts, FACT_ACCEPTED);
	bool known = baseline && baseline->state == FACT_STATE_OK;
	const char *unread = baseline && !known ? baseline->reason : NULL;
	const char *const *list = policy_list(policy, "policy", "listeners");
	const struct listeners *l = usable(facts, ret);
	size_t n = 0, passing = 0;

	for (size_t i = 0; l && i < l->n; i++) {
		const struct listener *x = &l->v[i];
		char subject[160];
		passing += x->passing && !x->loopback && x->protocol != LISTENER_RAW;
		if (!is_open(x))
			continue;
		n++;
		/* Items are escaped when they are made, evidence when it is added. */
		const char *value = listener_value(ret->arena, x);
		const char *item = value ? text_clean(ret->arena, value) : NULL;
		(void)snprintf(subject, sizeof(subject), "listener %s", x->text);
		bool accepted = known && item &&
				accepted_listener(baseline->u.accepted, subject, item);
		if (!accepted && !listener_pattern_find(list, x))
			report_unexpected(c, x, value, unread, ret);
	}
	if (l && ret->result == RESULT_PASS)
		verdict_summary(ret, "the %zu sockets that others can reach are expected", n);
	if (l && passing > 0)
		verdict_note(ret,
			"%zu UDP sockets with a port that the kernel gave out are taken for "
			"clients'",
			passing);
}

const struct check check_listener_allowlist = {
	.id = "listener-allowlist",
	.title = "Only the expected programs listen on the network",
	.severity = SEV_MEDIUM,
	.guides = "P N12 N15",
	.references = "ss(8)",
	.rationale = "Every listening socket is a way in. One that nobody expects is a forgotten "
		     "service or somebody else's.",
	.remedy = "`ss -tulpn` shows it. Stop it with `systemctl disable --now UNIT`, bind it to "
		  "127.0.0.1 in its configuration, name it in `listeners` of [policy], or, once "
		  "it was looked at, `hardenctl accept` it.",
	.facts = FACT_BIT(FACT_LISTENERS) | FACT_BIT(FACT_ACCEPTED),
	.evaluate = evaluate_allowlist,
};

/* ---- what must never be public ---- */

/* Known by its port, or by what the process calls itself. */
static const struct service {
	const char *name;
	unsigned low, high;   /* ports, TCP and UDP; 0: none that is its own */
	const char *commands; /* separated by blanks, patterns of fnmatch(3); or NULL */
} services[] = {
	{"SSH", 22, 22, "sshd dropbear"},
	{"the portmapper", 111, 111, "rpcbind portmap"},
	{"SMB", 139, 139, "smbd samba"},
	{"SMB", 445, 445, NULL},
	{"rsync", 873, 873, "rsync"},
	{"MS SQL", 1433, 1434, "sqlservr"},
	{"Oracle", 1521, 1521, "tnslsnr"},
	{"NFS", 2049, 2049, "nfsd"},
	{"Docker", 2375, 2377, "dockerd"},
	{"etcd", 2379, 2380, "etcd"},
	{"Grafana", 3000, 3000, "grafana*"},
	{"MySQL", 3306, 3306, "mysqld mariadbd"},
	{"MySQL", 33060, 33060, NULL},
	{"RDP", 3389, 3389, "xrdp"},
	{"PostgreSQL", 5432, 5432, "postgres postmaster"},
	{"Kibana", 5601, 5601, "kibana"},
	{"VNC", 5900, 5999, "Xvnc x11vnc Xtigervnc vino-server"},
	{"CouchDB", 5984, 5984, "couchdb"},
	{"X11", 6000, 6063, "Xorg X"},
	{"Redis", 6379, 6379, "redis-server valkey-server keydb-server"},
	{"Kubernetes", 6443, 6443, "kube-apiserver"},
	{"Cassandra", 7000, 7001, NULL},
	{"Tomcat", 8005, 8005, NULL},
	{"Tomcat", 8009, 8009, NULL},
	{"Tomcat", 8080, 8080, NULL},
	{"Cassandra", 9042, 9042, NULL},
	{"Prometheus or Cockpit", 9090, 9090, "prometheus cockpit-tls cockpit-ws"},
	{"Elasticsearch", 9200, 9300, NULL},
	{"the kubelet", 10250, 10250, "kubelet"},
	{"memcached", 11211, 11211, "memcached"},
	{"MongoDB", 27017, 27019, "mongod mongos"},
};

static bool is_command(const char *list, const char *command)
{
	char word[64];

	for (; list && *list; list += strspn(list, " ")) {
		size_t n = strcspn(list, " ");
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, list);
		if (text_glob(word, command))
			return true;
		list += n;
	}
	return false;
}

/* Who speaks there says more than the port. NULL: nothing that is known. */
static const char *service_of(struct arena *a, const struct listener *l)
{
	const char *by_port = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		const struct service *s = &services[i];
		if (l->program && is_command(s->commands, l->program->command))
			return s->name;
		if (!by_port && l->port >= s->low && l->port <= s->high)
			by_port = s->name;
	}
	return by_port ? arena_printf(a, "the port of %s", by_port) : NULL;
}

static const struct param private_params[] = {
	{"also", PARAM_LIST, "",
		.doc = "Services of this site that must not be public either, by protocol and "
		       "port, and where it matters @ADDRESS and =UNIT; for example tcp/8443 "
		       "tcp/any=intranet.service.",
		.form = LISTENER_PATTERN_FORM, .fits = listener_pattern_fits},
	{NULL},
};

static void report_private(const struct check *c, const struct listener *l, const char *name,
	const struct reach *reach, struct verdict *ret)
{
	struct arena *a = ret->arena;
	enum result result = reach_result(reach->kind);

	if (result == RESULT_PASS)
		return;
	verdict_add(ret, &(struct evidence){
				 .result = result,
				 .severity = c->severity,
				 .subject = arena_printf(a, "listener %s", l->text),
				 .item = reach->item,
				 .observed = arena_printf(
					 a, "%s: %s; %s", name, listener_who(a, l), reach->by),
				 .expected = "reached by trusted networks only",
			 });
}

static void evaluate_private(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const char *const *also = policy_list(policy, c->id, "also");
	const struct listeners *l = usable(facts, ret);
	size_t n = 0;

	for (size_t i = 0; l && i < l->n; i++) {
		const struct listener *x = &l->v[i];
		if (x->passing || x->protocol == LISTENER_RAW)
			continue;
		const char *name = service_of(ret->arena, x);
		if (!name && listener_pattern_find(also, x))
			name = "named by the policy";
		if (!name)
			continue;
		const struct reach reach = reach_of(ret->arena, facts, policy, x);
		report_private(c, x, name, &reach, ret);
		n++;
	}
	if (l && ret->result == RESULT_PASS)
		verdict_summary(ret,
			n > 0 ? "none of the %zu sockets of such services can be reached by others"
			      : "no such service listens here",
			n);
}

const struct check check_listener_private_service = {
	.id = "listener-private-service",
	.title = "Databases, dashboards and remote access are not public",
	.severity = SEV_HIGH,
	.guides = "A X",
	.references = "ss(8)",
	.rationale = "Services such as MySQL, Redis or RDP are made for a trusted network; open to "
		     "the world they are found and emptied within a day.",
	.remedy = "For SSH see ssh-exposure. Bind any other service to 127.0.0.1 or to the private "
		  "address in its configuration (`bind-address`, `listen_addresses`, `bind`), "
		  "restart it, and let the firewall accept its port from the application servers "
		  "only. A port that a container publishes: publish it on 127.0.0.1.",
	.facts = REACH_FACTS,
	.params = private_params,
	.evaluate = evaluate_private,
};

/* ---- SSH's port ---- */

static bool is_ssh(const struct listener *l)
{
	if (l->protocol != LISTENER_TCP || l->passing)
		return false;
	if (l->program && strcmp(l->program->command, "sshd") == 0)
		return true;
	return l->unit &&
	       (strcmp(l->unit, "ssh.socket") == 0 || strcmp(l->unit, "sshd.socket") == 0);
}

static void evaluate_ssh_port(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct listeners *l = usable(facts, ret);
	size_t n = 0;

	for (size_t i = 0; l && i < l->n; i++) {
		const struct listener *x = &l->v[i];
		if (!is_ssh(x))
			continue;
		n++;
		const struct reach reach = reach_of(ret->arena, facts, policy, x);
		enum result result = reach_result(reach.kind);
		if (result == RESULT_PASS || (x->port >= 1024 && x->port != 2222))
			continue;
		verdict_add(
			ret, &(struct evidence){
				     .result = result,
				     .severity = c->severity,
				     .subject = arena_printf(ret->arena, "listener %s", x->text),
				     .item = reach.item,
				     .observed = arena_printf(
					     ret->arena, "port %u; %s", x->port, reach.by),
				     .expected = "not public, or a port from 1024 on that is not "
						 "2222",
			     });
	}
	if (l && n == 0 && ret->result == RESULT_PASS)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no SSH server listens here");
	else if (l && ret->result == RESULT_PASS)
		verdict_summary(ret, "SSH is not public, or listens on none of those ports");
}

const struct check check_ssh_port = {
	.id = "ssh-port",
	.title = "A public SSH server listens on neither a well-known nor a privileged port",
	.severity = SEV_LOW,
	.guides = "X N18",
	.references = "sshd_config(5) Port",
	.rationale = "Where SSH must be public, another port than 22 or 2222 keeps the noise of "
		     "automatic probes out of the logs, so that an attack that means this machine "
		     "stands out.",
	.remedy = "Better: do not let the internet reach it (see ssh-exposure). Otherwise set for "
		  "example `Port 40022` in /etc/ssh/sshd_config, open that port, and `systemctl "
		  "reload ssh`.",
	.remedy_rhel = "Better: do not let the internet reach it (see ssh-exposure). Otherwise set "
		       "for example `Port 40022` in /etc/ssh/sshd_config, run `semanage port -a -t "
		       "ssh_port_t -p tcp 40022`, open that port, and `systemctl reload sshd`.",
	.facts = REACH_FACTS,
	.evaluate = evaluate_ssh_port,
};

/* ---- SSH's exposure ---- */

static void evaluate_ssh_exposure(const struct check *c, const struct factset *facts,
	const struct policy *policy, _unused_ uint64_t realtime_usec, struct verdict *ret)
{
	const struct listeners *l = usable(facts, ret);
	size_t n = 0;

	for (size_t i = 0; l && i < l->n; i++) {
		const struct listener *x = &l->v[i];
		if (!is_ssh(x))
			continue;
		n++;
		const struct reach reach = reach_of(ret->arena, facts, policy, x);
		enum result result = reach_result(reach.kind);
		if (result == RESULT_PASS)
			continue;
		verdict_add(ret, &(struct evidence){
					 .result = result,
					 .severity = c->severity,
					 .subject = arena_printf(ret->arena, "listener %s", x->text),
					 .item = reach.item,
					 .observed = reach.by,
					 .expected = "reached by trusted networks only",
				 });
	}
	if (l && n == 0 && ret->result == RESULT_PASS)
		verdict_set(ret, RESULT_NOTAPPLICABLE, "no SSH server listens here");
	else if (l && ret->result == RESULT_PASS)
		verdict_summary(ret, "the host's firewall lets trusted networks at most reach SSH");
}

#define SSH_UFW                                                                          \
	"Let port 22 in from your own networks only, in the cloud's security group and " \
	"on the host: `ufw allow from 192.0.2.0/24 to any port 22 proto tcp && ufw "     \
	"delete allow 22/tcp`. Networks of yours belong into `trusted_networks`."
#define SSH_FIREWALLD                                                                    \
	"Let port 22 in from your own networks only, in the cloud's security group and " \
	"on the host: `firewall-cmd --permanent --remove-service=ssh && firewall-cmd "   \
	"--permanent --add-rich-rule='rule family=ipv4 source address=192.0.2.0/24 "     \
	"service name=ssh accept' && firewall-cmd --reload`. Networks of yours belong "  \
	"into `trusted_networks`."

const struct check check_ssh_exposure = {
	.id = "ssh-exposure",
	.title = "SSH cannot be reached from outside the trusted networks",
	.severity = SEV_HIGH,
	.guides = "P A X",
	.references = "sshd_config(5) ListenAddress",
	.rationale = "An SSH server that the whole internet can reach is tried within minutes, and "
		     "is one unpatched flaw or one leaked key away from a break-in.",
	.remedy = SSH_UFW,
	.remedy_rhel = SSH_FIREWALLD,
	.remedy_by =
		REMEDIES{
			[MAKER_NFT] = "Let port 22 in from your own networks only, in the cloud's "
				      "security group and "
				      "on the host: `nft -a list ruleset` shows the rule that the "
				      "evidence names, "
				      "with its handle, and `nft replace rule FAMILY TABLE CHAIN "
				      "handle HANDLE ip "
				      "saddr 192.0.2.0/24 tcp dport 22 accept` names the source. "
				      "Where no rule but a "
				      "policy lets it in, see firewall-default-deny. Networks of "
				      "yours belong into "
				      "`trusted_networks`." NFT_KEEP,
			[MAKER_IPTABLES] =
				"Let port 22 in from your own networks only, in the cloud's "
				"security group and "
				"on the host: `iptables -I INPUT -s 192.0.2.0/24 -p tcp --dport 22 "
				"-j ACCEPT`, "
				"then delete the rule that the evidence names, by its own words in "
				"`iptables "
				"-S`, with -D in the place of -A. Where no rule but a policy lets "
				"it in, see "
				"firewall-default-deny. IPv6 counts by itself: the same with "
				"ip6tables. "
				"Networks of yours belong into `trusted_networks`." IPTABLES_KEEP,
			[MAKER_UFW] = SSH_UFW,
			[MAKER_FIREWALLD] = SSH_FIREWALLD,
		},
	.facts = REACH_FACTS,
	.evaluate = evaluate_ssh_exposure,
};
