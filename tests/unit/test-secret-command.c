/* SPDX-License-Identifier: ISC */
#include "test.h"

#include "alloc-fail.h"
#include "fact/secret-command.h"

/* Words with "|" for the NUL between them. */
static size_t arguments(const char *text, char *out)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		out[i] = text[i] == '|' ? '\0' : text[i];
	return n;
}

static const struct {
	const char *args, *shown;
} vectors[] = {
	{"vim|/etc/ssh/sshd_config", "vim /etc/ssh/sshd_config"},
	{"sed|-i|s/no/yes/|/etc/ssh/sshd_config|", "sed -i s/no/yes/ /etc/ssh/sshd_config"},
	{"apt-get|install|-y|nginx", "apt-get install -y nginx"},
	{"echo|a b|", "echo 'a b'"},
	{"touch||x", "touch '' x"},
	{"", ""},
	/* names */
	{"wget|--password=x1|http://h/", "wget --password=*** http://h/"},
	{"wget|--http-password|x1|http://h/", "wget --http-password *** http://h/"},
	{"x11vnc|-passwd|s3c|-display|:0", "x11vnc -passwd *** -display :0"},
	{"env|DB_PASSWORD=a b|app", "env 'DB_PASSWORD=***' app"},
	{"docker|run|-e|MYSQL_ROOT_PASSWORD=x|-p|80:80|mysql",
		"docker run -e MYSQL_ROOT_PASSWORD=*** -p 80:80 mysql"},
	{"docker|login|-u|bob|-p|hunter2|reg.example", "docker login -u bob -p *** reg.example"},
	{"docker|login|--password-stdin|reg.example", "docker login --password-stdin reg.example"},
	{"app|--password-file=/etc/app/pw", "app --password-file=/etc/app/pw"},
	{"app|--token|/run/secrets/token", "app --token /run/secrets/token"},
	{"mount|-o|user=x,password=y,rw|//h/s|/mnt", "mount -o user=x,password=***,rw //h/s /mnt"},
	{"kubectl|create|secret|generic|s|--from-literal=password=x",
		"kubectl create secret *** s --from-literal=password=***"},
	{"curl|-d|{\"user\": \"u\", \"password\": \"p q\"}|https://h/",
		"curl -d '{\"user\": \"u\", \"password\": \"***\"}' https://h/"},
	{"curl|-H|Authorization: Bearer abc|https://h/", "curl -H 'Authorization: ***' https://h/"},
	{"nmcli|device|wifi|connect|net|password|x y",
		"nmcli device wifi connect net password '***'"},
	/* programs that are not meant */
	{"passwd|alice", "passwd alice"},
	{"sudo|passwd|alice", "sudo passwd alice"},
	{"mkdir|-p|/a/b", "mkdir -p /a/b"},
	{"ssh|-p|2222|host", "ssh -p 2222 host"},
	{"chage|--maxdays|90|alice", "chage --maxdays 90 alice"},
	{"grep|-r|PermitRootLogin|/etc/ssh", "grep -r PermitRootLogin /etc/ssh"},
	/* programs that are */
	{"mysql|-uroot|-phunter2|db", "mysql -uroot -p*** db"},
	{"mysql|-p|db", "mysql -p db"},
	{"sudo|-u|bob|/usr/bin/mysqldump|-px|db", "sudo -u bob /usr/bin/mysqldump -p*** db"},
	{"sshpass|-p|hunter2|ssh|h", "sshpass -p *** ssh h"},
	{"sshpass|-phunter2|ssh|h", "sshpass -p*** ssh h"},
	{"redis-cli|-a|hunter2|info", "redis-cli -a *** info"},
	{"curl|-u|bob:pw|https://h/", "curl -u *** https://h/"},
	{"curl|-sSu|bob:pw|https://h/", "curl -sSu *** https://h/"},
	{"curl|-sS|https://h/", "curl -sS https://h/"},
	{"useradd|-m|-p|$6$abc$def|alice", "useradd -m -p *** alice"},
	{"smbclient|//h/s|-U|bob%pw", "smbclient //h/s -U ***"},
	{"openssl|enc|-k|pw|-in|f", "openssl enc -k *** -in f"},
	{"openssl|passwd|-6|hunter2", "openssl passwd -6 ***"},
	{"htpasswd|-b|/etc/h|bob|pw", "htpasswd -b /etc/h *** ***"},
	{"zip|-P|pw|a.zip|f", "zip -P *** a.zip f"},
	{"7z|a|-ppw|a.7z", "7z a -p*** a.7z"},
	/* URLs and tokens */
	{"psql|postgresql://bob:p@ss/w@h/db", "psql postgresql://bob:***@h/db"},
	{"git|clone|https://ghp_0123456789abcdefghijABCDEFGHIJ012345@github.com/x",
		"git clone https://***@github.com/x"},
	{"git|clone|ssh://git@h/x", "git clone ssh://git@h/x"},
	{"vault|login|x", "vault login ***"},
	{"app|AKIAIOSFODNN72bcdEFGH", "app ***"},
	{"app|eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN",
		"app ***"},
	{"git|show|3f786850e387550fdab836ed7e6dc881de23001b",
		"git show 3f786850e387550fdab836ed7e6dc881de23001b"},
	{"dpkg|-i|linux-image-6.1.0-18-cloud-amd64_6.1.76-1_amd64.deb",
		"dpkg -i linux-image-6.1.0-18-cloud-amd64_6.1.76-1_amd64.deb"},
	/* texts of a shell */
	{"sh|-c|mysql -phunter2 db && ls", "sh -c 'mysql -p*** db && ls'"},
	{"bash|-c|ssh h 'mysql -phunter2 db'", "bash -c 'ssh h 'mysql -p*** db''"},
	/* nothing that a terminal or a log would obey */
	{"printf|\x1b[2J\n|\xff", "printf '\\x1b[2J\\n' \\xff"},
};

static void test_vectors(_unused_ void **state)
{
	char args[512];

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct arena *a = arena_new();
		size_t n = arguments(vectors[i].args, args);
		char *shown = secret_command(a, args, n, 200);
		assert_non_null(shown);
		if (strcmp(shown, vectors[i].shown) != 0)
			fail_msg("%s: %s", vectors[i].args, shown);
		arena_free(a);
	}
}

static void test_pipe(_unused_ void **state)
{
	static const char args[] = "sh\0-c\0echo bob:pw | chpasswd";
	struct arena *a = arena_new();

	assert_string_equal(
		secret_command(a, args, sizeof(args), 200), "sh -c 'echo bob:*** | chpasswd'");
	arena_free(a);
}

/* Whatever the size, as much is shown as was asked for. */
static void test_bounds(_unused_ void **state)
{
	static char big[64 * 1024];
	struct arena *a = arena_new();

	for (unsigned fill = 0; fill < 256; fill++) {
		memset(big, (int)fill, sizeof(big));
		assert_true(strlen(secret_command(a, big, sizeof(big), 200)) <= 200);
		for (size_t i = 0; i < sizeof(big); i += 2)
			big[i] = '\0';
		assert_true(strlen(secret_command(a, big, sizeof(big), 200)) <= 200);
	}
	arena_free(a);
}

static int run(_unused_ void *arg)
{
	static const char args[] = "mysql\0-phunter2\0sh -c 'x y'\0\x1b";
	struct arena *a = arena_new();

	if (!a)
		return -ENOMEM;
	bool failed = secret_command(a, args, sizeof(args), 200) == NULL;
	assert_int_equal(failed, arena_failed(a));
	arena_free(a);
	return failed ? -ENOMEM : 0;
}

static void test_alloc(_unused_ void **state)
{
	alloc_each(run, NULL, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_alloc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
