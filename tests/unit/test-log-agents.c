/* SPDX-License-Identifier: ISC */
/*
 * The agents with configuration languages of their own: configurations in the
 * manner of their documentation, and the verdicts. None of them is a package of
 * Debian 12, so no real program is there to compare with.
 */
#include "log-vectors.h"

#include "alloc-fail.h"

#define VECTOR "/etc/vector/vector.yaml"
#define SOURCE "sources:\n  j:\n    type: journald\n"

static const struct vector vector_vectors[] = {
	{"vector, TLS to vector",
		FILE(VECTOR, SOURCE "sinks:\n  out:\n    type: vector\n    inputs: [j]\n"
				    "    address: logs.example:6000\n    tls: {enabled: true}\n"),
		PASS, PASS, "vector to vector logs.example:6000", NULL},
	{"vector, no TLS",
		FILE(VECTOR, SOURCE "sinks:\n  out:\n    type: vector\n    inputs: [j]\n"
				    "    address: logs.example:6000\n"),
		PASS, FAIL, "tls.enabled is not set", NULL},
	{"vector, TOML, https unverified",
		FILE("/etc/vector/vector.toml",
			"[sources.j]\ntype = \"journald\"\n[sinks.es]\ntype = \"elasticsearch\"\n"
			"inputs = [\"j\"]\nendpoints = [\"https://es.example:9200\"]\n"
			"[sinks.es.tls]\nverify_certificate = false\n"),
		PASS, FAIL, "tls.verify_certificate is off", NULL},
	{"vector, TOML, any name",
		FILE("/etc/vector/vector.toml",
			"sources.j.type = \"journald\"\nsinks.l = { type = 'loki', inputs = "
			"['*'],\n endpoint = 'https://l.example', tls.verify_hostname = false }\n"),
		PASS, FAIL, "tls.verify_hostname is off", NULL},
	{"vector, JSON",
		FILE("/etc/vector/vector.json",
			"{\"sources\": {\"j\": {\"type\": \"journald\"}},\n\"sinks\": {\"h\": "
			"{\"type\": \"http\",\n\t\"inputs\": [\"j\"], \"uri\": "
			"\"https://u:secret@h.example/x\"}}}\n"),
		PASS, PASS, "vector to http h.example", NULL},
	{"vector, one unit only",
		FILE(VECTOR, SOURCE "    include_units: [sshd]\nsinks:\n  out:\n    type: vector\n"
				    "    inputs: [j]\n    address: l:6000\n"),
		UNK, FAIL, "depends on more", NULL},
	{"vector, through a filter",
		FILE(VECTOR, SOURCE "transforms:\n  f:\n    type: filter\n    inputs: [j]\n"
				    "    condition: .x == 1\nsinks:\n  out:\n    type: vector\n"
				    "    inputs: [f]\n    address: l:6000\n"),
		UNK, FAIL, "depends on more", NULL},
	{"vector, through a program that drops nothing",
		FILE(VECTOR, SOURCE "transforms:\n  f:\n    type: remap\n    inputs: [j]\n"
				    "    source: .x = 1\nsinks:\n  out:\n    type: vector\n"
				    "    inputs: [f]\n    address: l:6000\n"),
		PASS, FAIL, NULL, NULL},
	{"vector, in a circle",
		FILE(VECTOR,
			"transforms:\n  f:\n    type: remap\n    inputs: [f]\n    source: .x = "
			"1\nsinks:\n  out:\n    type: vector\n    inputs: [f]\n"
			"    address: l:6000\n"),
		UNK, FAIL, NULL, NULL},
	{"vector, only to a file",
		FILE(VECTOR,
			SOURCE "sinks:\n  out:\n    type: file\n    inputs: [j]\n    path: /x\n"),
		FAIL, NA, "nothing sends logs", NULL},
	{"vector, its own logs only",
		FILE(VECTOR, "sources:\n  i:\n    type: internal_logs\nsinks:\n  out:\n"
			     "    type: vector\n    inputs: [i]\n    address: l:6000\n"),
		FAIL, NA, "no message of this machine", NULL},
	{"vector, a sink nobody knows",
		FILE(VECTOR, SOURCE "sinks:\n  out:\n    type: novel\n    inputs: [j]\n"), UNK, UNK,
		"cannot be told", NULL},
	{"vector, what it says by the environment",
		FILE(VECTOR, SOURCE "sinks:\n  out:\n    type: http\n    inputs: [j]\n"
				    "    uri: ${URL}\n"),
		PASS, UNK, "cannot be told", NULL},
	{"vector, to itself",
		FILE(VECTOR, SOURCE "sinks:\n  out:\n    type: vector\n    inputs: [j]\n"
				    "    address: 127.0.0.1:6000\n"),
		UNK, INFO, "this machine itself", NULL},
	{"vector, not YAML", FILE(VECTOR, "sinks: [\n"), UNK, UNK, "this is not YAML", NULL},
	{"vector, no table", FILE(VECTOR, "- a\n"), UNK, UNK, "no table of settings", NULL},
	{"vector, what rsyslog writes", LOCAL "*.* /var/log/syslog\n", VECTOR,
		"sources:\n  f:\n    type: file\n    include: [/var/log/**/*]\nsinks:\n  out:\n"
		"    type: socket\n    mode: udp\n    inputs: [f]\n    address: l:514\n",
		PASS, FAIL, "plain UDP", NULL},
	{"vector, a file that nobody writes", LOCAL "*.* /var/log/syslog\n", VECTOR,
		"sources:\n  f:\n    type: file\n    include: [/var/log/messages]\nsinks:\n  out:\n"
		"    type: vector\n    inputs: [f]\n    address: l:514\n",
		FAIL, NA, "no message of this machine", NULL},
	{"vector, without the logins",
		LOCAL "*.*;auth,authpriv.none /var/log/syslog\nauth,authpriv.* /var/log/auth.log\n",
		VECTOR,
		"sources:\n  f:\n    type: file\n    include: [/var/log/*]\n"
		"    exclude: [/var/log/auth.log]\nsinks:\n  out:\n"
		"    type: vector\n    inputs: [f]\n    address: l:514\n",
		FAIL, FAIL, "(auth) are not sent", NULL},
};

#define FB    "/etc/fluent-bit/fluent-bit.conf"
#define FB_IN "[SERVICE]\n    Flush 5\n[INPUT]\n    Name systemd\n    Tag host.*\n"

static const struct vector fluent_vectors[] = {
	{"fluent-bit, TLS with the name",
		FILE(FB, FB_IN "[OUTPUT]\n    Name forward\n    Match *\n    Host l.example\n"
			       "    tls on\n    tls.verify_hostname on\n"),
		PASS, PASS, "fluent-bit to forward l.example:24224", NULL},
	{"fluent-bit, TLS for any name",
		FILE(FB, FB_IN "[OUTPUT]\n    Name forward\n    Match *\n    Host l.example\n"
			       "    tls on\n"),
		PASS, FAIL, "tls.verify_hostname is off", NULL},
	{"fluent-bit, TLS unverified",
		FILE(FB, FB_IN "[OUTPUT]\n    Name es\n    Match host.*\n    Host l.example\n"
			       "    tls on\n    tls.verify off\n"),
		PASS, FAIL, "tls.verify is off", NULL},
	{"fluent-bit, no TLS",
		FILE(FB, FB_IN "# x\n[OUTPUT]\n    name http\n    match *\n    host l.example\n"),
		PASS, FAIL, "tls is off", NULL},
	{"fluent-bit, syslog by UDP",
		FILE(FB, FB_IN "[OUTPUT]\n    Name syslog\n    Match *\n    Host l\n    tls on\n"),
		PASS, FAIL, "plain UDP", NULL},
	{"fluent-bit, another tag",
		FILE(FB, FB_IN "[OUTPUT]\n    Name forward\n    Match app.*\n    Host l\n"), UNK,
		FAIL, NULL, NULL},
	{"fluent-bit, to the terminal", FILE(FB, FB_IN "[OUTPUT]\n    Name stdout\n    Match *\n"),
		FAIL, NA, "nothing sends logs", NULL},
	{"fluent-bit, a grep between",
		FILE(FB, FB_IN "[FILTER]\n    Name grep\n    Match *\n    Regex x y\n[OUTPUT]\n"
			       "    Name forward\n    Match *\n    Host l\n"),
		UNK, FAIL, "depends on more", NULL},
	{"fluent-bit, an include", FILE(FB, FB_IN "@INCLUDE out.conf\n"), UNK, UNK,
		"are not followed", NULL},
	{"fluent-bit, YAML",
		FILE("/etc/fluent-bit/fluent-bit.yaml",
			"pipeline:\n  inputs:\n    - name: systemd\n      tag: s\n  outputs:\n"
			"    - name: opentelemetry\n      match: '*'\n      host: l.example\n"
			"      port: 443\n      tls: on\n      tls.verify_hostname: on\n"),
		PASS, PASS, "fluent-bit to opentelemetry l.example:443", NULL},
	{"fluent-bit, YAML, memory only",
		FILE("/etc/fluent-bit/fluent-bit.yaml",
			"pipeline:\n  inputs:\n    - name: mem\n      tag: s\n  outputs:\n"
			"    - name: es\n      match: '*'\n      host: l.example\n"),
		FAIL, NA, "no message of this machine", NULL},
	{"fluent-bit, what rsyslog writes",
		LOCAL "auth,authpriv.* /var/log/auth.log\n*.*;auth,authpriv.none /var/log/syslog\n",
		FB,
		"[INPUT]\n    Name tail\n    Path /var/log/syslog, /var/log/auth.log\n"
		"    Tag v\n[OUTPUT]\n    Name loki\n    Match v\n    Host l\n",
		PASS, FAIL, "tls is off", NULL},
};

#define FBEAT	"/etc/filebeat/filebeat.yml"
#define BEAT_IN "filebeat.inputs:\n- type: journald\n  id: all\n"

static const struct vector filebeat_vectors[] = {
	{"filebeat, TLS to Logstash",
		FILE(FBEAT, BEAT_IN "output.logstash:\n  hosts: [\"l.example:5044\"]\n"
				    "  ssl.certificate_authorities: [\"/etc/ca.pem\"]\n"),
		PASS, PASS, "filebeat to logstash l.example:5044", NULL},
	{"filebeat, no TLS to Logstash",
		FILE(FBEAT, BEAT_IN "output.logstash:\n  hosts: [\"l.example:5044\"]\n"), PASS,
		FAIL, "ssl is not set", NULL},
	{"filebeat, TLS switched off",
		FILE(FBEAT, BEAT_IN "output.logstash:\n  hosts: [l.example]\n  ssl:\n"
				    "    enabled: false\n    certificate_authorities: [/x]\n"),
		PASS, FAIL, "ssl is not set", NULL},
	{"filebeat, unverified",
		FILE(FBEAT, BEAT_IN "output.elasticsearch:\n  hosts: [\"https://es.example\"]\n"
				    "  ssl.verification_mode: none\n"),
		PASS, FAIL, "verification_mode is none", NULL},
	{"filebeat, any name",
		FILE(FBEAT, BEAT_IN "output.elasticsearch.hosts: [\"es.example:9200\"]\n"
				    "output.elasticsearch.protocol: https\n"
				    "output.elasticsearch.ssl.verification_mode: certificate\n"),
		PASS, FAIL, "verification_mode is certificate", NULL},
	{"filebeat, https",
		FILE(FBEAT, BEAT_IN "output:\n  elasticsearch:\n    hosts: [\"es.example\"]\n"
				    "    protocol: https\n    password: secret\n"),
		PASS, PASS, "filebeat to elasticsearch es.example:9200", NULL},
	{"filebeat, http",
		FILE(FBEAT, BEAT_IN "output.elasticsearch:\n  hosts: [\"es.example:9200\"]\n"),
		PASS, FAIL, "not encrypted (http)", NULL},
	{"filebeat, ssl without https",
		FILE(FBEAT, BEAT_IN "output.elasticsearch:\n  hosts: [es.example]\n"
				    "  ssl.certificate_authorities: [/x]\n"),
		PASS, UNK, "cannot be told", NULL},
	{"filebeat, the cloud", FILE(FBEAT, BEAT_IN "cloud.id: \"a:b\"\n"), PASS, PASS,
		"filebeat to elasticsearch cloud.id", NULL},
	{"filebeat, one of two hosts in clear",
		FILE(FBEAT, BEAT_IN "output.elasticsearch.hosts: [\"https://a\", \"http://b\"]\n"),
		PASS, FAIL, "not encrypted (http)", NULL},
	{"filebeat, as it is installed",
		FILE(FBEAT, "filebeat.inputs:\n- type: filestream\n  id: my\n  enabled: false\n"
			    "  paths:\n    - /var/log/*.log\nfilebeat.config.modules:\n"
			    "  path: ${path.config}/modules.d/*.yml\n  reload.enabled: false\n"
			    "output.elasticsearch:\n  hosts: [\"localhost:9200\"]\n"),
		FAIL, NA, "no message of this machine", NULL},
	{"filebeat, an output nobody knows", FILE(FBEAT, BEAT_IN "output.novel.x: 1\n"), UNK, UNK,
		"cannot be told", NULL},
	{"filebeat, to a file", FILE(FBEAT, BEAT_IN "output.file.path: /x\n"), FAIL, NA,
		"nothing sends logs", NULL},
	{"filebeat, one unit", FILE(FBEAT, BEAT_IN "  units: [ssh]\noutput.redis.hosts: [r]\n"),
		UNK, FAIL, "depends on more", NULL},
	{"filebeat, drops some",
		FILE(FBEAT, BEAT_IN "output.redis.hosts: [r]\nprocessors:\n- drop_event:\n"
				    "    when.equals.a: b\n"),
		UNK, FAIL, "depends on more", NULL},
	{"filebeat, one unit, dotted",
		FILE(FBEAT, BEAT_IN "  include_matches.match: [\"_SYSTEMD_UNIT=x\"]\n"
				    "output.redis.hosts: [r]\n"),
		UNK, FAIL, "depends on more", NULL},
	{"filebeat, another root", FILE(FBEAT, BEAT_IN "  chroot: /h\noutput.redis.hosts: [r]\n"),
		UNK, FAIL, "depends on more", NULL},
	{"filebeat, drops some, dotted",
		FILE(FBEAT, BEAT_IN "output.redis.hosts: [r]\nprocessors:\n"
				    "- drop_event.when.not.equals.systemd.unit: x\n"),
		UNK, FAIL, "depends on more", NULL},
	{"filebeat, a parser that keeps some",
		FILE(FBEAT, BEAT_IN "  parsers:\n  - include_message:\n      patterns: [x]\n"
				    "output.redis.hosts: [r]\n"),
		UNK, FAIL, "depends on more", NULL},
	{"filebeat, two outputs",
		FILE(FBEAT,
			BEAT_IN "output.logstash:\n  hosts: [l:5044]\noutput.redis.hosts: [r]\n"),
		FAIL, NA, "more than one output", NULL},
	{"filebeat, two outputs, one perhaps",
		FILE(FBEAT, BEAT_IN "output.logstash:\n  hosts: [l:5044]\n  enabled: ${X}\n"
				    "output.redis.hosts: [r]\n"),
		UNK, FAIL, "depends on more", NULL},
	{"filebeat, two outputs, one off",
		FILE(FBEAT, BEAT_IN "output:\n  logstash.hosts: [l:5044]\n  logstash.enabled: no\n"
				    "  redis.hosts: [r]\n"),
		PASS, FAIL, "ssl is not set", NULL},
	{"filebeat, an output that says nothing",
		FILE(FBEAT, BEAT_IN "output.elasticsearch:\noutput.redis.hosts: [r]\n"), PASS, FAIL,
		"ssl is not set", NULL},
	{"filebeat, autodiscover",
		FILE(FBEAT, "filebeat.autodiscover.providers: [{type: docker}]\n"
			    "filebeat.autodiscover:\n  x: y\noutput.redis.hosts: [r]\n"),
		UNK, FAIL, "autodiscover", NULL},
	{"filebeat, the module by files",
		LOCAL "auth,authpriv.* /var/log/auth.log\n*.*;auth,authpriv.none /var/log/syslog\n",
		FBEAT,
		"filebeat.modules:\n- module: system\n  syslog:\n    enabled: true\n  auth:\n"
		"    enabled: true\noutput.redis.hosts: [r]\n",
		PASS, FAIL, NULL, NULL},
	{"filebeat, the module by the journal",
		FILE(FBEAT, "filebeat.modules:\n- module: system\n  syslog:\n    enabled: true\n"
			    "    var.use_journald: true\n  auth:\n    enabled: true\n"
			    "    var.use_journald: true\noutput.redis.hosts: [r]\n"),
		PASS, FAIL, NULL, NULL},
	{"filebeat, the module without logins",
		FILE(FBEAT, "filebeat.modules:\n- module: system\n  syslog:\n    enabled: true\n"
			    "    var.use_journald: true\n  auth:\n    enabled: false\n"
			    "output.redis.hosts: [r]\n"),
		FAIL, FAIL, "(auth) are not sent", NULL},
	{"filebeat, an alias for its hosts",
		FILE(FBEAT, BEAT_IN "x: &h [\"https://a.example\"]\n"
				    "output.elasticsearch:\n  hosts: *h\n"),
		PASS, PASS, "a.example", NULL},
	{"filebeat, a merge", FILE(FBEAT, "x: &h {a: b}\noutput:\n  <<: *h\n"), UNK, UNK,
		"merge key", NULL},
};

#define PT     "/etc/promtail/config.yml"
#define PT_TOP "server:\n  http_listen_port: 9080\nclients:\n  - url: "
#define PT_JOB "scrape_configs:\n  - job_name: j\n    journal:\n      max_age: 12h\n"
#define PUSH   "/loki/api/v1/push\n"

static const struct vector promtail_vectors[] = {
	{"promtail, https", FILE(PT, PT_TOP "https://l.example" PUSH PT_JOB), PASS, PASS,
		"promtail to loki l.example", NULL},
	{"promtail, http", FILE(PT, PT_TOP "http://l.example:3100" PUSH PT_JOB), PASS, FAIL,
		"not encrypted (http)", NULL},
	{"promtail, unverified",
		FILE(PT, PT_TOP "https://l.example" PUSH
				"    tls_config: {insecure_skip_verify: true}\n" PT_JOB),
		PASS, FAIL, "insecure_skip_verify", NULL},
	{"promtail, the journal in part",
		FILE(PT, PT_TOP "https://l.example" PUSH PT_JOB "      matches: _UID=0\n"), UNK,
		PASS, "depends on more", NULL},
	{"promtail, some dropped",
		FILE(PT, PT_TOP "https://l.example" PUSH PT_JOB
				"    pipeline_stages:\n    - drop: {source: x}\n"),
		UNK, PASS, NULL, NULL},
	{"promtail, some kept",
		FILE(PT, PT_TOP "https://l.example" PUSH PT_JOB
				"    relabel_configs:\n    - action: keep\n      regex: x\n"),
		UNK, PASS, NULL, NULL},
	{"promtail, labels only",
		FILE(PT, PT_TOP "https://l.example" PUSH PT_JOB
				"    relabel_configs:\n    - source_labels: [a]\n"
				"      target_label: b\n"),
		PASS, PASS, NULL, NULL},
	{"promtail, by the environment", FILE(PT, PT_TOP "${LOKI}\n" PT_JOB), PASS, UNK,
		"cannot be told", NULL},
	{"promtail, files", LOCAL "*.* /var/log/messages\n", PT,
		PT_TOP "https://l.example" PUSH "scrape_configs:\n- job_name: s\n"
		       "  static_configs:\n  - targets: [localhost]\n    labels:\n"
		       "      job: varlogs\n      __path__: /var/log/mes*\n",
		PASS, PASS, NULL, NULL},
	{"promtail, files of nobody", LOCAL "*.* /var/log/messages\n", PT,
		PT_TOP "https://l.example" PUSH "scrape_configs:\n- job_name: s\n"
		       "  static_configs:\n  - labels:\n      __path__: /var/log/*log\n",
		FAIL, NA, NULL, NULL},
	{"promtail, files of a set that is computed", LOCAL "*.* /var/log/messages\n", PT,
		PT_TOP "https://l.example" PUSH "scrape_configs:\n- job_name: s\n"
		       "  static_configs:\n  - labels:\n      __path__: /var/log/{a,messages}\n",
		UNK, PASS, NULL, NULL},
};

#define ALLOY	    "/etc/alloy/config.alloy"
#define AL_IN	    "loki.source.journal \"j\" {\n  forward_to = [loki.write.d.receiver]\n}\n"
#define AL_OUT(url) "loki.write \"d\" {\n  endpoint {\n    url = " url "\n  }\n}\n"

static const struct vector alloy_vectors[] = {
	{"alloy, https", FILE(ALLOY, AL_IN AL_OUT("\"https://l.example/loki/api/v1/push\"")), PASS,
		PASS, "alloy to loki l.example", NULL},
	{"alloy, http", FILE(ALLOY, AL_IN AL_OUT("\"http://l.example:3100/\"")), PASS, FAIL,
		"not encrypted (http)", NULL},
	{"alloy, unverified",
		FILE(ALLOY, AL_IN AL_OUT("\"https://l.example\"\n    tls_config {\n"
					 "      insecure_skip_verify = true\n    }")),
		PASS, FAIL, "insecure_skip_verify", NULL},
	{"alloy, verified or not",
		FILE(ALLOY, AL_IN AL_OUT("\"https://l.example\"\n    tls_config {\n"
					 "      insecure_skip_verify = sys.env(\"X\") == \"1\"\n"
					 "    }")),
		PASS, UNK, "cannot be told", NULL},
	{"alloy, by the environment", FILE(ALLOY, AL_IN AL_OUT("sys.env(\"LOKI\")")), PASS, UNK,
		"cannot be told", NULL},
	{"alloy, nobody forwards to it", FILE(ALLOY, AL_OUT("\"https://l.example\"")), FAIL, NA,
		"no message of this machine", NULL},
	{"alloy, to another",
		FILE(ALLOY, "loki.source.journal \"j\" { forward_to = [loki.write.o.receiver] "
			    "}\n" AL_OUT("\"https://l.example\"")),
		FAIL, NA, "no message of this machine", NULL},
	{"alloy, to whom is computed",
		FILE(ALLOY, "loki.source.journal \"j\" {\n forward_to = concat([a.b], "
			    "[c.d])\n}\n" AL_OUT("\"https://l.example\"")),
		UNK, PASS, "depends on more", NULL},
	{"alloy, through labels",
		FILE(ALLOY,
			"loki.source.journal \"j\" {\n  forward_to = [loki.process.p.receiver]\n"
			"}\nloki.process \"p\" {\n  forward_to = [loki.write.d.receiver,]\n"
			"  stage.static_labels { values = { a = \"b\" } }\n"
			"}\n" AL_OUT("\"https://l.example\"")),
		PASS, PASS, NULL, NULL},
	{"alloy, through a drop",
		FILE(ALLOY,
			"loki.source.journal \"j\" {\n  forward_to = [loki.process.p.receiver]\n"
			"}\nloki.process \"p\" {\n  forward_to = [loki.write.d.receiver]\n"
			"  stage.drop { expression = \"x\" }\n"
			"}\n" AL_OUT("\"https://l.example\"")),
		UNK, PASS, "depends on more", NULL},
	{"alloy, through a rule that keeps",
		FILE(ALLOY,
			"loki.source.journal \"j\" {\n  forward_to = [loki.relabel.p.receiver]\n"
			"}\nloki.relabel \"p\" {\n  forward_to = [loki.write.d.receiver]\n"
			"  rule {\n    action = \"keep\"\n  }\n"
			"}\n" AL_OUT("\"https://l.example\"")),
		UNK, PASS, NULL, NULL},
	{"alloy, in a circle",
		FILE(ALLOY, "loki.process \"p\" {\n  forward_to = [loki.process.p.receiver, "
			    "loki.write.d.receiver]\n}\n" AL_OUT("\"https://l.example\"")),
		UNK, PASS, NULL, NULL},
	{"alloy, files", LOCAL "*.* /var/log/syslog\n", ALLOY,
		"local.file_match \"f\" {\n  path_targets = [{\"__path__\" = "
		"\"/var/log/syslog\"}]\n}\nloki.source.file \"s\" {\n  targets = "
		"local.file_match.f.targets\n  forward_to = [loki.write.d.receiver]\n"
		"}\n" AL_OUT("\"https://l.example\""),
		PASS, PASS, NULL, NULL},
	{"alloy, files of another match", LOCAL "*.* /var/log/syslog\n", ALLOY,
		"local.file_match \"f\" {\n  path_targets = [{__path__ = \"/var/log/x\"}]\n}\n"
		"loki.source.file \"s\" {\n  targets = local.file_match.f.targets\n"
		"  forward_to = [loki.write.d.receiver]\n}\n" AL_OUT("\"https://l.example\""),
		FAIL, NA, NULL, NULL},
	{"alloy, a module", FILE(ALLOY, "import.git \"x\" {\n  repository = \"y\"\n}\n"), UNK, UNK,
		"imported modules", NULL},
	{"alloy, no end", FILE(ALLOY, "loki.write \"d\" {\n"), UNK, UNK, "has no end", NULL},
};

static void test_vector(void **state)
{
	judge_all(vector_vectors, ARRAY_SIZE(vector_vectors));
}

static void test_fluent(void **state)
{
	judge_all(fluent_vectors, ARRAY_SIZE(fluent_vectors));
}

static void test_filebeat(void **state)
{
	judge_all(filebeat_vectors, ARRAY_SIZE(filebeat_vectors));
}

static void test_promtail(void **state)
{
	judge_all(promtail_vectors, ARRAY_SIZE(promtail_vectors));
}

static void test_alloy(void **state)
{
	judge_all(alloy_vectors, ARRAY_SIZE(alloy_vectors));
}

/* The modules of a directory: those that end in ".yml" alone. */
static void test_loaded(void **state)
{
	static const char module[] = "- module: system\n  syslog:\n    enabled: true\n"
				     "    var.use_journald: true\n  auth:\n    enabled: true\n"
				     "    var.use_journald: true\n";
	static const struct vector off = {"off", NULL, NULL, NULL, FAIL, NA, NULL, NULL};
	static const struct vector on = {"on", NULL, NULL, NULL, PASS, FAIL, NULL, NULL};
	static const struct vector broken = {
		"broken", NULL, NULL, NULL, UNK, FAIL, "that it loads cannot be read", NULL};
	static const struct {
		const char *name, *text;
		const struct vector *expected;
	} rows[] = {
		{"system.yml.disabled", module, &off},
		{"system.yml", "- module: [\n", &broken},
		{"system.yml", module, &on},
	};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	put_units(&facts, true, "systemd");
	test_write(&t, FBEAT,
		"filebeat.config.modules.path: ${path.config}/modules.d/*.yml\n"
		"filebeat.config.modules:\n  path: ${path.config}/modules.d/*.yml\n"
		"output.redis.hosts: [r]\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "/etc/filebeat/modules.d/%s", rows[i].name);
		test_write(&t, path, rows[i].text);
		assert_int_equal(collect(&t, &facts), 0);
		judge(rows[i].expected, &facts);
	}
	factset_fini(&facts);
	test_root_fini(&t);
}

/* No password of a URL gets into an item. */
static void test_secret(void **state)
{
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, PT, PT_TOP "https://user:se@cret@l.example:1/x?token=secret\n" PT_JOB);
	assert_int_equal(collect(&t, &facts), 0);
	const struct fact *f = facts.v[FACT_LOGGING];
	assert_int_equal(f->n_items, 1);
	assert_string_equal(f->items[0].subject, "log forwarding promtail loki l.example:1");
	assert_int_equal(f->items[0].line, 4);
	assert_null(strstr(f->items[0].value, "cret"));
	factset_fini(&facts);
	test_root_fini(&t);
}

/* What many inputs, filters and outputs cost is bounded, and what is not followed is unknown. */
static void test_many(void **state)
{
	static const struct vector v = {
		"fluent-bit, many of all", NULL, NULL, NULL, UNK, FAIL, "than are followed", NULL};
	static const char *const parts[] = {"[INPUT]\nName systemd\nTag h\n",
		"[FILTER]\nName grep\nMatch a\n", "[OUTPUT]\nName http\nMatch h\nHost l\n"};
	static const size_t times[] = {2000, 1000, 100};
	_cleanup_free_ char *text = NULL;
	struct factset facts = {0};
	struct test_root t;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		for (size_t k = 0; k < times[i]; k++)
			(void)fputs(parts[i], f); /* fclose() tells */
	}
	assert_int_equal(fclose(f), 0);
	test_root_init(&t);
	test_write(&t, FB, text);
	assert_int_equal(collect(&t, &facts), 0);
	const char *reason = facts.v[FACT_LOGGING]->u.logging->config[LOG_FLUENT_BIT].reason;
	assert_non_null(reason);
	assert_non_null(strstr(reason, "than are followed"));
	put_units(&facts, true, "systemd");
	judge(&v, &facts);
	factset_fini(&facts);
	test_root_fini(&t);
}

#define OTHER(r, s, what)                                       \
	{                                                       \
		"elsewhere", NULL, NULL, NULL, r, s, what, NULL \
	}
#define VTEXT SOURCE "sinks:\n  s:\n    type: vector\n    inputs: [j]\n    address: l:1\n"
#define ALLOY_OUT                                                                 \
	"loki.source.journal \"a\" {\n forward_to = [loki.write.w.receiver]\n}\n" \
	"loki.write \"w\" {\n endpoint {\n  url = \"http://l/\"\n }\n}\n"

/* An agent that is started with another configuration than the usual one. */
static void test_elsewhere(void **state)
{
	static const struct {
		enum log_program program;
		const char *path, *text; /* NULL: no configuration in the usual place */
		const char *command;	 /* ExecStart= */
		const char *environment; /* /etc/default/NAME; NULL: there is none */
		struct vector v;
	} rows[] = {
		{LOG_VECTOR, VECTOR, VTEXT, "/usr/bin/vector", NULL, OTHER(PASS, FAIL, NULL)},
		{LOG_VECTOR, VECTOR, VTEXT, "/usr/bin/vector -c //etc/vector/vector.yaml", NULL,
			OTHER(PASS, FAIL, NULL)},
		{LOG_VECTOR, VECTOR, VTEXT, "/usr/bin/vector --config /srv/v.toml", NULL,
			OTHER(UNK, FAIL, "not read: /srv/v.toml")},
		{LOG_VECTOR, VECTOR, VTEXT, "/usr/bin/vector --config=/srv/v.toml", NULL,
			OTHER(UNK, FAIL, "not read: /srv/v.toml")},
		{LOG_VECTOR, NULL, NULL, "/usr/bin/vector --config-dir /etc/vector", NULL,
			OTHER(UNK, UNK, "not read: /etc/vector")},
		{LOG_VECTOR, VECTOR, VTEXT, "/usr/bin/vector",
			"# x\nVECTOR_CONFIG=/etc/vector/other.yaml\n",
			OTHER(UNK, FAIL, "not read: /etc/vector/other.yaml")},
		{LOG_VECTOR, VECTOR, VTEXT, "/usr/bin/vector", "VECTOR_LOG=info\n",
			OTHER(PASS, FAIL, NULL)},
		{LOG_ALLOY, ALLOY, ALLOY_OUT, "/usr/bin/alloy run $A $CONFIG_FILE",
			"CONFIG_FILE=\"/etc/alloy/config.alloy\"\n", OTHER(PASS, FAIL, NULL)},
		{LOG_ALLOY, ALLOY, ALLOY_OUT, "/usr/bin/alloy run $A $CONFIG_FILE",
			"CONFIG_FILE=\"/etc/alloy/site.alloy\"\n",
			OTHER(UNK, FAIL, "not read: /etc/alloy/site.alloy")},
		{LOG_ALLOY, ALLOY, ALLOY_OUT,
			"/usr/bin/alloy run --storage.path /var/lib /srv/x.alloy", NULL,
			OTHER(UNK, FAIL, "not read: /srv/x.alloy")},
		{LOG_FLUENT_BIT, FB, FB_IN "[OUTPUT]\nName http\nMatch *\nHost l\n",
			"/opt/fluent-bit/bin/fluent-bit -c //etc/fluent-bit/other.conf", NULL,
			OTHER(UNK, FAIL, "other.conf")},
		{LOG_FILEBEAT, FBEAT, BEAT_IN "output.redis.hosts: [r]\n",
			"/x -c filebeat.yml --path.config /etc/filebeat/", NULL,
			OTHER(PASS, FAIL, NULL)},
		{LOG_FILEBEAT, FBEAT, BEAT_IN "output.redis.hosts: [r]\n", "/x $BEAT_CONFIG_OPTS",
			"BEAT_CONFIG_OPTS=\"-c /srv/x.yml\"\n",
			OTHER(UNK, FAIL, "not read: /srv/x.yml")},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct factset facts = {0};
		struct unit_setting setting = {"ExecStart", rows[i].command, "/x", 1};
		const char *name = log_program_units(rows[i].program)[0];
		char path[64];
		struct test_root t;
		test_root_init(&t);
		(void)snprintf(
			path, sizeof(path), "/etc/default/%s", log_program_name(rows[i].program));
		if (rows[i].path)
			test_write(&t, rows[i].path, rows[i].text);
		if (rows[i].environment)
			test_write(&t, path, rows[i].environment);
		assert_int_equal(collect(&t, &facts), 0);
		put_units(&facts, true, "systemd");
		struct unit *u = (struct unit *)units_find(facts.v[FACT_UNITS]->u.units, name);
		u->settings = &setting;
		u->n_settings = 1;
		judge(&rows[i].v, &facts);
		factset_fini(&facts);
		test_root_fini(&t);
	}
}

/* Files whose writer does not run hold no new messages. */
static void test_writer(void **state)
{
	static const struct vector v = {"files of nobody", NULL, NULL, NULL, FAIL, NA,
		"it reads the files of rsyslog", NULL};
	struct factset facts = {0};
	struct test_root t;

	test_root_init(&t);
	test_write(&t, "/etc/rsyslog.conf", LOCAL "*.* /var/log/syslog\n");
	test_write(&t, FBEAT,
		"filebeat.inputs:\n- paths: [/var/log/syslog]\noutput.redis.hosts: [r]\n");
	assert_int_equal(collect(&t, &facts), 0);
	put_units(&facts, true, "systemd");
	struct units *units = (struct units *)facts.v[FACT_UNITS]->u.units;
	for (size_t i = 0; i < units->n; i++) {
		if (strcmp(units->v[i].name, "rsyslog.service") == 0)
			((struct unit *)units->v)[i].starts = false;
	}
	judge(&v, &facts);
	factset_fini(&facts);
	test_root_fini(&t);
}

static int collect_once(void *t)
{
	struct factset facts = {0};
	int r = collect(t, &facts);

	factset_fini(&facts);
	return r;
}

static void test_alloc(void **state)
{
	static const struct vector *const all[] = {&vector_vectors[2], &vector_vectors[7],
		&fluent_vectors[0], &filebeat_vectors[0], &promtail_vectors[2], &alloy_vectors[8]};
	struct test_root t;

	test_root_init(&t);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		test_write(&t, all[i]->more_path, all[i]->more);
	alloc_each(collect_once, &t, 5);
	test_root_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_fluent),
		cmocka_unit_test(test_filebeat),
		cmocka_unit_test(test_promtail),
		cmocka_unit_test(test_alloy),
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
