/* SPDX-License-Identifier: ISC */
/* Servers that do or do not demand encryption, by their configuration in private roots. */
#include "clear-fixture.h"

#define VSFTPD                          \
	{                               \
		"/usr/sbin/vsftpd", "x" \
	}
#define SSL "listen=YES\nanonymous_enable=NO\nlocal_enable=YES\nssl_enable=YES\n"

#define PUREFTPD                           \
	{                                  \
		"/usr/sbin/pure-ftpd", "x" \
	}
#define WRAPPER                                    \
	{                                          \
		"/usr/sbin/pure-ftpd-wrapper", "x" \
	}
#define PURE_UNIT "/etc/systemd/system/pure-ftpd.service"
#define PURE(kind_, setting_, path, line)                                            \
	{                                                                            \
		{                                                                    \
			"pure-ftpd*", "FTP", .kind = (kind_), .setting = (setting_), \
					     .at = {path, line},                     \
		}                                                                    \
	}
#define INETD                          \
	{                              \
		"/usr/sbin/inetd", "x" \
	}
#define XINETD                          \
	{                               \
		"/usr/sbin/xinetd", "x" \
	}
#define NAMES                                                                                  \
	{                                                                                      \
		"/etc/services", "telnet 23/tcp\nftp 21/tcp\nshell 514/tcp cmd\ntftp 69/udp\n" \
				 "login 513/tcp\nfinger 79/tcp\n"                              \
	}

#define PROFTPD                          \
	{                                \
		"/usr/sbin/proftpd", "x" \
	}
#define PRO "/etc/proftpd/proftpd.conf"
#define FTPD(kind_, setting_, path, line)                                                     \
	{                                                                                     \
		"proftpd", "FTP", .kind = (kind_), .setting = (setting_), .at = {path, line}, \
	}

static const struct clear_vector vectors[] = {
	{"vsftpd that is not installed", {{"/etc/vsftpd.conf", "ssl_enable=NO\n"}}, {{NULL}}},
	{"vsftpd without a file", {VSFTPD}, {{NULL}}},
	{"vsftpd as Debian has it",
		{VSFTPD, {"/etc/vsftpd.conf", "# x\nlocal_enable=YES\n\n  ssl_enable=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN, .setting = "ssl_enable=NO",
			.at = {"/etc/vsftpd.conf", 4}}}},
	{"vsftpd by its defaults", {VSFTPD, {"/etc/vsftpd.conf", "local_enable=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN,
			.setting = "no ssl_enable= (the default is NO)",
			.at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd for anonymous alone", {VSFTPD, {"/etc/vsftpd.conf", "listen=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN,
			.setting = "no ssl_enable= (the default is NO)",
			.at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd for nobody", {VSFTPD, {"/etc/vsftpd.conf", "anonymous_enable=0\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT,
			.setting = "no local_enable=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd with TLS", {VSFTPD, {"/etc/vsftpd.conf", SSL}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT,
			.setting = "no force_local_logins_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"the last line holds",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_logins_ssl=no\n"
						  "force_local_logins_ssl=True\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT, .setting = "force_local_logins_ssl=YES",
			.at = {"/etc/vsftpd.conf", 6}}}},
	{"vsftpd that only offers TLS",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_logins_ssl=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN, .setting = "force_local_logins_ssl=NO",
			.at = {"/etc/vsftpd.conf", 5}}}},
	{"vsftpd with data in the clear",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_data_ssl=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN, .setting = "force_local_data_ssl=NO",
			.at = {"/etc/vsftpd.conf", 5}}}},
	{"vsftpd with anonymous in the clear",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "anonymous_enable=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN,
			.setting = "no force_anon_logins_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd with anonymous data in the clear",
		{VSFTPD, {"/etc/vsftpd.conf",
				 SSL "anonymous_enable=YES\nforce_anon_logins_ssl=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN,
			.setting = "no force_anon_data_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"vsftpd that begins with TLS",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "force_local_logins_ssl=NO\nimplicit_ssl=YES\n"
						  "anonymous_enable=YES\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT, .setting = "implicit_ssl=YES",
			.at = {"/etc/vsftpd.conf", 6}}}},
	{"a user whose data may go in the clear",
		{VSFTPD, {"/etc/vsftpd.conf", SSL "user_config_dir=/etc/vsftpd_users\n"},
			{"/etc/vsftpd_users/alice", "force_local_data_ssl=YES\n"},
			{"/etc/vsftpd_users/bob", "\nforce_local_data_ssl=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_LOGIN, .setting = "force_local_data_ssl=NO",
			.at = {"/etc/vsftpd_users/bob", 2}}}},
	{"a value that is none",
		{VSFTPD, {"/etc/vsftpd.conf", "local_enable=YES\nssl_enable=on\n"}},
		{{"vsftpd", "FTP", .fault = "ssl_enable=on is neither",
			.fault_path = "/etc/vsftpd.conf", .fault_line = 2}}},
	{"a file that cannot be read", {VSFTPD, {"/etc/vsftpd.conf", NULL}},
		{{"vsftpd", "FTP", .fault = "FIFO", .fault_path = "/etc/vsftpd.conf"}}},
	{"the file that its unit names",
		{VSFTPD, {"/etc/vsftpd.conf", SSL}, {"/etc/other.conf", "local_enable=YES\n"},
			{"/etc/systemd/system/vsftpd.service",
				"[Service]\nExecStart=-/usr/sbin/vsftpd \"/etc/other.conf\"\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN,
			.setting = "no ssl_enable=", .at = {"/etc/other.conf", 0}}}},
	{"an option of its command line",
		{VSFTPD, {"/etc/vsftpd.conf", SSL},
			{"/etc/systemd/system/vsftpd.service",
				"[Service]\nExecStart=/usr/sbin/vsftpd /etc/vsftpd.conf "
				"-ossl_enable=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN, .setting = "ssl_enable=NO",
			.at = {"/etc/systemd/system/vsftpd.service", 2}}}},
	{"the file that it reads by itself comes last",
		{VSFTPD, {"/etc/vsftpd.conf", SSL},
			{"/etc/systemd/system/vsftpd.service",
				"[Service]\nExecStart=/usr/sbin/vsftpd -ossl_enable=NO\n"}},
		{{"vsftpd", "FTP", .kind = CLEAR_SHUT,
			.setting = "no force_local_logins_ssl=", .at = {"/etc/vsftpd.conf", 0}}}},
	{"one for each file of Red Hat's",
		{VSFTPD, {"/etc/vsftpd/a.conf", SSL},
			{"/etc/vsftpd/b.conf", "local_enable=YES\nlisten_port=2121\n"}},
		{{"vsftpd", "FTP", .ports = {21}, .kind = CLEAR_SHUT,
			 .setting = "no force_local_logins_ssl=", .at = {"/etc/vsftpd/a.conf", 0}},
			{"vsftpd", "FTP", .ports = {2121}, .kind = CLEAR_OPEN,
				.setting = "no ssl_enable=", .at = {"/etc/vsftpd/b.conf", 0}}}},
	{"instances of a template",
		{VSFTPD, {"/etc/vsftpd/a.conf", "local_enable=YES\n"},
			{"/usr/lib/systemd/system/vsftpd@.service",
				"[Service]\nExecStart=/usr/sbin/vsftpd /etc/vsftpd/%i.conf\n"
				"[Install]\nWantedBy=multi-user.target\n"},
			{"/etc/systemd/system/multi-user.target.wants/vsftpd@a.service", "x"}},
		{{"vsftpd", "FTP", .kind = CLEAR_OPEN,
			.setting = "no ssl_enable=", .at = {"/etc/vsftpd/a.conf", 0}}}},
	/* Pure-FTPd */
	{"pure-ftpd as Debian has it",
		{PUREFTPD, WRAPPER, {"/etc/pure-ftpd/pure-ftpd.conf", "TLS 3"}},
		PURE(CLEAR_OPEN, "no TLS or -Y", "/etc/pure-ftpd/conf/TLS", 0)},
	{"one value in a file", {PUREFTPD, WRAPPER, {"/etc/pure-ftpd/conf/TLS", "\n# x\n 2 \n3\n"}},
		PURE(CLEAR_LOGIN, "TLS 2", "/etc/pure-ftpd/conf/TLS", 3)},
	{"all of it encrypted", {PUREFTPD, WRAPPER, {"/etc/pure-ftpd/conf/TLS", "3"}},
		PURE(CLEAR_SHUT, "TLS 3", "/etc/pure-ftpd/conf/TLS", 1)},
	{"TLS on request, for anonymous alone",
		{PUREFTPD, WRAPPER, {"/etc/pure-ftpd/conf/TLS", "1\n"},
			{"/etc/pure-ftpd/conf/AnonymousOnly", "Yes\n"}},
		PURE(CLEAR_LOGIN, "AnonymousOnly Yes", "/etc/pure-ftpd/conf/AnonymousOnly", 1)},
	{"a value that the wrapper refuses",
		{PUREFTPD, WRAPPER, {"/etc/pure-ftpd/conf/TLS", "yes\n"}},
		{{"pure-ftpd*", "FTP", .fault = "TLS yes", .fault_path = "/etc/pure-ftpd/conf/TLS",
			.fault_line = 1}}},
	{"pure-ftpd.conf",
		{PUREFTPD, {"/etc/pure-ftpd.conf", "# TLS 3\nNoAnonymous yes\n  TLS  1\n"}},
		PURE(CLEAR_OPEN, "TLS 1", "/etc/pure-ftpd.conf", 3)},
	{"a file that its unit names",
		{PUREFTPD, {"/etc/pure-ftpd.conf", "TLS 3\n"},
			{PURE_UNIT, "[Service]\nExecStart=/usr/sbin/pure-ftpd /etc/p.conf\n"},
			{"/etc/p.conf", "!Include /etc/p.d/*.conf\n"},
			{"/etc/p.d/x.conf", "TLS 2\n"}},
		PURE(CLEAR_LOGIN, "TLS 2", "/etc/p.d/x.conf", 1)},
	{"options",
		{PUREFTPD, {PURE_UNIT, "[Service]\nExecStart=/usr/sbin/pure-ftpd -AE -c 5 -Y 3\n"}},
		PURE(CLEAR_SHUT, "-Y 3", PURE_UNIT, 2)},
	{"options together",
		{PUREFTPD, {PURE_UNIT, "[Service]\nExecStart=/usr/sbin/pure-ftpd -AEY2 -l Y3\n"}},
		PURE(CLEAR_LOGIN, "-Y 2", PURE_UNIT, 2)},
	{"a long option",
		{PUREFTPD, {PURE_UNIT, "[Service]\nExecStart=/usr/sbin/pure-ftpd -e --tls=1\n"}},
		PURE(CLEAR_LOGIN, "-e", PURE_UNIT, 2)},
	{"signs between",
		{PUREFTPD, {"/etc/pure-ftpd.conf", "tls: 2\nAnonymousOnly=yes\nTLS = 1\n"}},
		PURE(CLEAR_LOGIN, "AnonymousOnly yes", "/etc/pure-ftpd.conf", 2)},
	{"the later holds",
		{PUREFTPD, {"/etc/pure-ftpd.conf",
				   "AnonymousOnly true\nNoAnonymous 1\nAnonymousOnly no\nTLS 1\n"}},
		PURE(CLEAR_OPEN, "TLS 1", "/etc/pure-ftpd.conf", 4)},
	/* ProFTPD */
	{"proftpd by its defaults", {PROFTPD, {PRO, "Port 21\n"}},
		{FTPD(CLEAR_OPEN, "no TLSEngine", PRO, 0)}},
	{"a module that is not loaded",
		{PROFTPD, {PRO, "<IfModule mod_tls.c>\n TLSEngine on\n TLSRequired "
				"on\n</IfModule>\n"}},
		{FTPD(CLEAR_OPEN, "no TLSEngine", PRO, 0)}},
	{"a module that is",
		{PROFTPD,
			{PRO, "Include /etc/proftpd/modules.conf\nInclude /etc/proftpd/none.conf\n"
			      "<IfModule mod_tls.c>\n tlsengine on\n Include /etc/proftpd/d\n"
			      "</IfModule>\n<IfModule !mod_tls.c>\nTLSRequired off\n</IfModule>\n"},
			{"/etc/proftpd/modules.conf", "LoadModule mod_tls.c\n"},
			{"/etc/proftpd/d/x",
				"# TLSRequired off\nTLSRequired \\\n \"auth+data\" # x\n"}},
		{FTPD(CLEAR_SHUT, "TLSRequired auth+data", "/etc/proftpd/d/x", 2)}},
	{"clients of a class may be let in otherwise",
		{PROFTPD, {PRO, "TLSEngine on\nTLSRequired on\n<IfUser bob>\nTLSRequired off\n"
				"</IfUser>\n<IfClass all>\n<IfModule mod_core.c>\n"
				"TLSRequired off\n</IfModule>\n</IfClass>\n"}},
		{{"proftpd", "FTP", .fault = "<IfClass>", .fault_line = 8, .fault_path = PRO}}},
	{"a server of this machine alone that takes what is for no other",
		{PROFTPD, {PRO, "Port 0\n<VirtualHost 127.0.0.1>\nDefaultServer on\n"
				"</VirtualHost>\n<VirtualHost 127.0.0.2>\nPort 2121\n"
				"DefaultServer off\n</VirtualHost>\n"}},
		{{"proftpd", "FTP", .ports = {21}, .kind = CLEAR_OPEN, .setting = "no TLSEngine",
			.at = {PRO, 0}}}},
	{"more words than one would write",
		{PROFTPD,
			{PRO, "TLSEngine on\nTLSRequired on\nTLSOptions x x x x x x x x x x x x x "
			      "x x x x x x x x x x x x x x x x x x x x x x AllowPerUser\n"}},
		{FTPD(CLEAR_OPEN, "TLSOptions AllowPerUser", PRO, 3)}},
	{"TLS on request", {PROFTPD, {PRO, "TLSEngine on\n"}},
		{FTPD(CLEAR_OPEN, "no TLSRequired", PRO, 0)}},
	{"the first holds, and data in the clear",
		{PROFTPD,
			{PRO, "TLSEngine yes\nTLSRequired ctrl\nTLSRequired on\nTLSEngine off\n"}},
		{FTPD(CLEAR_LOGIN, "TLSRequired ctrl", PRO, 2)}},
	{"data alone", {PROFTPD, {PRO, "TLSEngine on\nTLSRequired data\n"}},
		{FTPD(CLEAR_OPEN, "TLSRequired data", PRO, 2)}},
	{"a password before the user is known",
		{PROFTPD, {PRO, "TLSEngine on\nTLSRequired on\nTLSOptions NoCertRequest "
				"AllowPerUser\n"}},
		{FTPD(CLEAR_OPEN, "TLSOptions AllowPerUser", PRO, 3)}},
	{"TLS from the first byte",
		{PROFTPD, {PRO, "TLSEngine on\nTLSOptions UseImplicitSSL\nTLSRequired data\n"}},
		{FTPD(CLEAR_SHUT, "TLSRequired data", PRO, 3)}},
	{"a virtual host has nothing of the main server",
		{PROFTPD,
			{PRO, "TLSEngine on\nTLSRequired on\n<Directory />\nTLSRequired off\n"
			      "</Directory>\n<VirtualHost 192.0.2.1>\n Port 2121\n</VirtualHost>\n"
			      "<VirtualHost 127.0.0.1 ::1>\n Port 2122\n</VirtualHost>\n"
			      "<VirtualHost 0.0.0.0>\n Port 0\n</VirtualHost>\n"
			      "<VirtualHost 192.0.2.2>\n Port 22\n SFTPEngine "
			      "on\n</VirtualHost>\n"}},
		{{"proftpd", "FTP", .ports = {21}, .kind = CLEAR_SHUT, .setting = "TLSRequired on",
			 .at = {PRO, 2}},
			{"proftpd", "FTP", .ports = {2121}, .kind = CLEAR_OPEN,
				.setting = "no TLSEngine", .at = {PRO, 0}},
			{"proftpd", "SFTP", .ports = {22}, .kind = CLEAR_SHUT,
				.setting = "SFTPEngine on", .at = {PRO, 17}}}},
	{"but what is global, unless it says otherwise",
		{PROFTPD, {PRO, "<Global>\nTLSEngine on\nTLSRequired on\n</Global>\n"
				"<VirtualHost 192.0.2.1>\nPort 2121\nTLSRequired "
				"off\n</VirtualHost>\n"}},
		{{"proftpd", "FTP", .ports = {21}, .kind = CLEAR_SHUT, .setting = "TLSRequired on",
			 .at = {PRO, 3}},
			{"proftpd", "FTP", .ports = {2121}, .kind = CLEAR_OPEN,
				.setting = "TLSRequired off", .at = {PRO, 7}}}},
	{"what its unit defines, and the file that it names",
		{PROFTPD, {"/etc/default/proftpd", "CONFIG_FILE=/etc/p.conf\nOPTIONS=\"-DTLS\"\n"},
			{"/etc/systemd/system/proftpd.service",
				"[Service]\nExecStart=/usr/sbin/proftpd -c $CONFIG_FILE "
				"${OPTIONS}\n"},
			{"/etc/p.conf",
				"<IfDefine TLS>\nTLSEngine on\nTLSRequired on\n</IfDefine>\n"
				"<IfDefine !TLS>\nTLSRequired off\n</IfDefine>\n"}},
		{FTPD(CLEAR_SHUT, "TLSRequired on", "/etc/p.conf", 3)}},
	{"what somebody built",
		{{"/usr/local/sbin/proftpd", "x"},
			{"/etc/proftpd.conf", "<IfModule mod_tls.c>\nTLSEngine on\n</IfModule>\n"}},
		{{"proftpd", "FTP", .fault = "whether mod_tls.c is built", .fault_line = 1,
			.fault_path = "/etc/proftpd.conf"}}},
	{"a word that means nothing", {PROFTPD, {PRO, "TLSEngine on\nTLSRequired all\n"}},
		{{"proftpd", "FTP", .fault = "TLSRequired all", .fault_line = 2,
			.fault_path = PRO}}},
	/* inetd */
	{"inetd without a line", {INETD, {"/etc/inetd.conf", "#telnet stream tcp\n"}}, {{NULL}}},
	{"inetd.conf",
		{INETD, NAMES,
			{"/etc/inetd.conf",
				"#<off># telnet stream tcp nowait root /usr/sbin/tcpd in.telnetd\n"
				"telnet stream tcp nowait telnetd /usr/sbin/tcpd\n"
				"\t/usr/sbin/in.telnetd\n"
				"10.0.0.1:cmd stream tcp6 nowait root /usr/sbin/in.rshd in.rshd\n"
				"69 dgram udp wait nobody /usr/sbin/in.tftpd in.tftpd /srv\n"
				"2200 stream tcp nowait root /usr/sbin/sshd sshd -i\n"
				"daytime stream tcp nowait root internal\n"
				"unknown stream tcp nowait root /usr/sbin/in.telnetd "
				"in.telnetd\n"}},
		{{"i*netd", "telnet", .ports = {23}, .kind = CLEAR_OPEN,
			 .setting = "telnet /usr/sbin/tcpd /usr/sbin/in.telnetd",
			 .at = {"/etc/inetd.conf", 2}},
			{"i*netd", "rsh", .ports = {514}, .kind = CLEAR_OPEN,
				.setting = "cmd /usr/sbin/in.rshd", .at = {"/etc/inetd.conf", 4}},
			{"i*netd", "TFTP", .udp = true, .ports = {69}, .kind = CLEAR_OPEN,
				.setting = "69 /usr/sbin/in.tftpd", .at = {"/etc/inetd.conf", 5}},
			{"i*netd", "SSH", .ports = {2200}, .kind = CLEAR_SHUT,
				.setting = "2200 /usr/sbin/sshd", .at = {"/etc/inetd.conf", 6}}}},
	{"a server that inetd starts, by its own configuration",
		{INETD, NAMES, VSFTPD, {"/etc/v.conf", "local_enable=YES\n"},
			{"/etc/inetd.d/ftp",
				"ftp stream tcp nowait root /usr/sbin/tcpd vsftpd /etc/v.conf\n"}},
		{{"i*netd", "FTP", .ports = {21}, .kind = CLEAR_OPEN,
			.setting = "no ssl_enable=", .at = {"/etc/v.conf", 0}}}},
	{"busybox",
		{INETD, NAMES,
			{"/etc/inetd.conf", "2323 stream tcp nowait root /bin/busybox busybox "
					    "telnetd -i\n"}},
		{{"i*netd", "telnet", .ports = {2323}, .kind = CLEAR_OPEN,
			.setting = "2323 /bin/busybox busybox telnetd -i",
			.at = {"/etc/inetd.conf", 1}}}},
	{"telnet that speaks TLS alone",
		{INETD, NAMES,
			{"/etc/inetd.conf", "telnet stream tcp nowait root /usr/sbin/in.telnetd "
					    "in.telnetd -z secure\n"}},
		{{"i*netd", "telnet", .ports = {23}, .kind = CLEAR_SHUT, .setting = "-z secure",
			.at = {"/etc/inetd.conf", 1}}}},
	{"inetd.conf that cannot be read", {INETD, {"/etc/inetd.conf", NULL}},
		{{"i*netd", "what its configuration names", .fault = "FIFO",
			 .fault_path = "/etc/inetd.conf"},
			{"i*netd", "what its configuration names", .udp = true, .fault = "FIFO",
				.fault_path = "/etc/inetd.conf"}}},
	/* xinetd */
	{"xinetd's blocks",
		{XINETD, NAMES,
			{"/etc/xinetd.conf",
				"defaults\n{\n disabled = off-id\n}\nincludedir /etc/xinetd.d\n"
				"service finger\n{\n id = off-id\n socket_type = stream\n"
				" server = /usr/sbin/in.fingerd\n}\n"},
			{"/etc/xinetd.d/a.conf",
				"service login\n{\nserver = /usr/sbin/in.rlogind\n}\n"},
			{"/etc/xinetd.d/telnet",
				"# disable = yes\nservice telnet\n{\n\tdisable\t= no\n"
				"\tsocket_type = stream\n\tserver = /usr/sbin/in.telnetd\n}\n"},
			{"/etc/xinetd.d/tftp",
				"service tftp\n{\n socket_type = dgram\n server = "
				"/usr/sbin/in.tftpd\n"
				" server_args = -s /srv\n}\nservice ftp\n{\n disable = yes\n"
				" server = /usr/sbin/in.ftpd\n}\n"},
			{"/etc/xinetd.d/x", "service x\n{\n type = UNLISTED\n port = 2323\n "
					    "only_from = 127.0.0.1\n"
					    " flags = NAMEINARGS\n server = /usr/sbin/tcpd\n"
					    " server_args = /usr/sbin/in.telnetd -h\n}\n"}},
		{{"xinetd", "telnet", .ports = {23}, .kind = CLEAR_OPEN,
			 .setting = "server = /usr/sbin/in.telnetd",
			 .at = {"/etc/xinetd.d/telnet", 6}},
			{"xinetd", "TFTP", .udp = true, .ports = {69}, .kind = CLEAR_OPEN,
				.setting = "server = /usr/sbin/in.tftpd -s /srv",
				.at = {"/etc/xinetd.d/tftp", 4}},
			{"xinetd", "telnet", .ports = {2323}, .kind = CLEAR_SHUT,
				.setting = "only_from", .at = {"/etc/xinetd.d/x", 7}}}},
	{"for this machine alone, and what only looks so",
		{XINETD, NAMES,
			{"/etc/xinetd.conf",
				"defaults\n{\n only_from = 10.0.0.0/8\n}\n"
				"service a\n{\n only_from += 127.0.0.1\n type = UNLISTED\n"
				" port = 1001\n server = /usr/sbin/in.telnetd\n}\n"
				"service b\n{\n only_from = 127.0.0.1/0\n type = UNLISTED\n"
				" port = 1002\n server = /usr/sbin/in.telnetd\n}\n"
				"service c\n{\n only_from = 127.0.0.0/8 localhost ::1\n"
				" only_from += 127.0.0.2\n type = UNLISTED\n port = 1003\n"
				" server = /usr/sbin/in.telnetd\n}\n"
				"service d\n{\n only_from = 127.example.org\n type = UNLISTED\n"
				" port = 1004\n server = /usr/sbin/in.telnetd\n}\n"}},
		{{"xinetd", "telnet", .ports = {1001}, .kind = CLEAR_OPEN,
			 .setting = "server = /usr/sbin/in.telnetd",
			 .at = {"/etc/xinetd.conf", 10}},
			{"xinetd", "telnet", .ports = {1002}, .kind = CLEAR_OPEN,
				.setting = "server = /usr/sbin/in.telnetd",
				.at = {"/etc/xinetd.conf", 17}},
			{"xinetd", "telnet", .ports = {1003}, .kind = CLEAR_SHUT,
				.setting = "only_from", .at = {"/etc/xinetd.conf", 25}},
			{"xinetd", "telnet", .ports = {1004}, .kind = CLEAR_OPEN,
				.setting = "server = /usr/sbin/in.telnetd",
				.at = {"/etc/xinetd.conf", 32}}}},
	{"enabled, and nothing else",
		{XINETD, NAMES,
			{"/etc/xinetd.conf",
				"defaults\n{\n enabled = telnet\n}\nservice telnet\n{\n"
				"server = /usr/sbin/in.telnetd\n}\nservice shell\n{\n"
				"server = /usr/sbin/in.rshd\n}\n"}},
		{{"xinetd", "telnet", .ports = {23}, .kind = CLEAR_OPEN,
			.setting = "server = /usr/sbin/in.telnetd",
			.at = {"/etc/xinetd.conf", 7}}}},
	{"xinetd reads inetd.conf as well, as Debian starts it",
		{XINETD, NAMES, {"/etc/xinetd.conf", ""},
			{"/etc/default/xinetd", "INETD_COMPAT=Yes\n"},
			{"/etc/inetd.conf",
				"telnet stream tcp nowait root /usr/sbin/in.telnetd in.telnetd\n"}},
		{{"xinetd", "telnet", .ports = {23}, .kind = CLEAR_OPEN,
			.setting = "telnet /usr/sbin/in.telnetd", .at = {"/etc/inetd.conf", 1}}}},
	/* systemd's own */
	{"a socket unit for each connection, and one that is switched off",
		{{"/usr/lib/systemd/system/telnet.socket",
			 "[Socket]\nListenStream=[::]:2323\nListenStream=/run/telnet\nAccept=yes\n"
			 "[Install]\nWantedBy=default.target\n"},
			{"/etc/systemd/system/default.target", "[Unit]\nWants=telnet.socket\n"},
			{"/usr/lib/systemd/system/telnet@.service",
				"[Service]\nExecStart=-/usr/sbin/in.telnetd -h\n"},
			{"/usr/lib/systemd/system/finger.socket",
				"[Socket]\nListenStream=79\nAccept=yes\n"},
			{"/usr/lib/systemd/system/finger@.service",
				"[Service]\nExecStart=/usr/sbin/in.fingerd\n"}},
		{{"systemd", "telnet", .ports = {2323}, .kind = CLEAR_OPEN,
			.setting = "telnet.socket starts /usr/sbin/in.telnetd",
			.at = {"/usr/lib/systemd/system/telnet@.service", 2}}}},
	{"socket units that name their service",
		{PROFTPD, {PRO, "TLSEngine on\nTLSRequired on\n"},
			{"/etc/systemd/system/default.target",
				"[Unit]\nWants=x.socket tftp.socket\n"},
			{"/usr/lib/systemd/system/x.socket",
				"[Socket]\nListenStream=0.0.0.0:21\nService=ftp.service\n"},
			{"/usr/lib/systemd/system/ftp.service",
				"[Service]\nExecStart=/usr/sbin/in.proftpd\n"},
			{"/usr/lib/systemd/system/tftp.socket", "[Socket]\nListenDatagram=69\n"},
			{"/usr/lib/systemd/system/tftp.service",
				"[Service]\nExecStart=/usr/sbin/in.tftpd -s /srv\n"}},
		{FTPD(CLEAR_SHUT, "TLSRequired on", PRO, 2),
			{"systemd", "TFTP", .udp = true, .ports = {69}, .kind = CLEAR_OPEN,
				.setting = "tftp.socket starts /usr/sbin/in.tftpd",
				.at = {"/usr/lib/systemd/system/tftp.service", 2}},
			{"systemd", "FTP", .ports = {21}, .kind = CLEAR_SHUT,
				.setting = "TLSRequired on", .at = {PRO, 2}}}},
	{"xinetd's lists are of inetd.conf as well",
		{XINETD, NAMES, {"/etc/xinetd.conf", "defaults\n{\n disabled = telnet\n}\n"},
			{"/etc/default/xinetd", "INETD_COMPAT=Yes\n"},
			{"/etc/inetd.conf",
				"telnet stream tcp nowait root /usr/sbin/in.telnetd in.telnetd\n"
				"ftp stream tcp nowait root /usr/sbin/in.ftpd in.ftpd\n"}},
		{{"xinetd", "FTP", .ports = {21}, .kind = CLEAR_OPEN,
			.setting = "ftp /usr/sbin/in.ftpd", .at = {"/etc/inetd.conf", 2}}}},
	{"a block without an end",
		{XINETD, NAMES,
			{"/etc/xinetd.conf",
				"service shell\n{\n disable = yes\n\nservice telnet\n{\n"
				"server = /usr/sbin/in.telnetd\n}\n"}},
		{{"xinetd", "what its configuration names", .fault = "no end",
			 .fault_path = "/etc/xinetd.conf", .fault_line = 5},
			{"xinetd", "what its configuration names", .udp = true, .fault = "no end",
				.fault_path = "/etc/xinetd.conf", .fault_line = 5}}},
};

static void test_vectors(void **state)
{
	clear_judge(vectors, ARRAY_SIZE(vectors));
}

static void test_items(void **state)
{
	struct test_root t;
	struct factset facts = {0};
	struct fact *f = NULL;
	const struct collect col = {.root = &t.root, .facts = &facts};

	test_root_init(&t);
	test_write(&t, "/usr/sbin/vsftpd", "");
	test_write(&t, "/etc/vsftpd.conf", SSL "force_local_data_ssl=NO\n");
	assert_int_equal(fact_collect(FACT_CLEAR_SERVERS, &col, &f), 0);
	assert_int_equal(f->n_items, 1);
	assert_string_equal(f->items[0].subject, "cleartext vsftpd FTP");
	assert_string_equal(f->items[0].value,
		"takes no password in the clear, and other things: force_local_data_ssl=NO");
	assert_int_equal(f->items[0].line, 5);
	bool watched = false;
	for (size_t i = 0; i < f->deps.n; i++)
		watched = watched || strcmp(f->deps.v[i].path, "/etc/vsftpd.conf") == 0;
	assert_true(watched);
	fact_free(f);
	test_root_fini(&t);
}

static struct clear_text texts[] = {
	{clear_vsftpd_text, SSL "listen_port=x\n"},
	{clear_vsftpd_text, "ssl_enable=NO\nuser_config_dir=/etc/x\nlocal_enable\n"},
	{clear_pureftpd_text, "TLS 1\nAnonymousOnly yes\nTLS 7\n"},
	{clear_pureftpd_value, "# x\n2\n"},
	{clear_proftpd_text, "LoadModule a\nLoadModule b\nDefine c\n<Global>\nTLSEngine on\n"
			     "</Global>\n<VirtualHost 192.0.2.1>\nPort 2121\nTLSRequired on\n"
			     "TLSOptions AllowPerUser UseImplicitSSL\n</VirtualHost>\n"},
	{clear_proftpd_text, "TLSEngine x\nInclude /x\nPort 99999\n"},
	{clear_inetd_text, "telnet stream tcp nowait root /usr/sbin/tcpd in.telnetd -x\n"
			   "21 stream tcp nowait root /usr/sbin/vsftpd vsftpd\n"},
	{clear_xinetd_text, "defaults\n{\ndisabled = a b\nenabled += telnet c d e f\n}\n"
			    "service telnet\n{\nport = 23\nserver = /usr/sbin/tcpd\n"
			    "server_args = in.telnetd 1 2 3\nonly_from += 127.0.0.1\n}\n"},
};

static void test_alloc(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		alloc_each(clear_read_text, &texts[i], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
