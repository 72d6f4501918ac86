#!/bin/sh
# The demo: three accounts register, one loses its connection, all comes back.
#
#   usage: sh tests/demo/demo.sh BUILD
#
# The registrar of the tests plays the provider, with a throw-away CA; nothing
# leaves 127.0.0.1. Exit code 0: everything happened as it is told here.

set -eu

build=${1:-build}
accounts="tcp tls udp"
server=sip.example.org           # in the certificate, and in no DNS
patience=10                      # seconds, for each thing that must happen

dir=
registrar=
daemon=

bold=
normal=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m')
	normal=$(printf '\033[0m')
fi

say()
{
	printf '\n%s%s%s\n' "$bold" "$*" "$normal"
}

fail()
{
	echo "demo: $*" >&2
	if [ -s "$dir/daemon.log" ]; then
		echo "demo: the daemon's last words:" >&2
		tail -n 20 "$dir/daemon.log" >&2
	fi
	exit 1
}

cleanup()
{
	code=$?
	trap - EXIT HUP INT TERM PIPE
	exec 3>&- 4<&-           # the registrar ends with its input
	for pid in $daemon $registrar; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait
	[ -z "$dir" ] || rm -rf "$dir"
	exit $code
}

# until_true COMMAND ...: polls until it succeeds.
until_true()
{
	polls=$((patience * 20))
	until "$@"; do
		polls=$((polls - 1))
		[ $polls -gt 0 ] || return 1
		sleep 0.05
	done
}

ctl()
{
	"$build/sipregctl" -s "$dir/control" "$@"
}

# One command to the registrar, its answer on stdout.
ask()
{
	echo "$*" >&3
	IFS= read -r answer <&4 || fail "the registrar is gone"
	echo "$answer"
}

# holds CONDITION VERB ...: what jq says of sipregctl's JSON. (Not by the exit
# code of jq -e, which is 0 when there is no JSON at all.)
holds()
{
	condition=$1
	shift
	json=$(ctl --json "$@" 2>/dev/null) || return 1
	[ "$(printf '%s' "$json" | jq "$condition" 2>/dev/null)" = true ]
}

all_registered()
{
	alive && holds '.accounts | length == 3 and all(.registered)' list
}

# Where the TLS account can be reached; nothing while it cannot: the lease of
# the old connection still runs when the new one has not registered yet.
tls_local()
{
	ctl --json status tls 2>/dev/null |
		jq -r 'select(.registered and .reachable == "yes") |
			.flows[0].local // empty' 2>/dev/null
}

# A flow counts as proven by the answer to its first ping: then a failure is
# repaired at once, without any back-off.
tls_proven()
{
	alive && holds '.flows[0].pongs > 0' status tls
}

on_new_connection()
{
	now=$(tls_local) && [ -n "$now" ] && [ "$now" != "$before" ]
}

# A child that has ended is a zombie until it is waited for.
has_ended()
{
	case $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' \
		"/proc/$daemon/status" 2>/dev/null) in
	'' | Z) return 0 ;;
	*) return 1 ;;
	esac
}

alive()
{
	! has_ended || fail "sipregd has ended"
}

msec()
{
	date +%s%3N
}

for program in sipregd sipregctl tests/registrar; do
	[ -x "$build/$program" ] || fail "$build/$program is not built"
done
command -v jq >/dev/null || fail "jq is needed"

trap cleanup EXIT
trap 'exit 1' HUP INT TERM PIPE
umask 077
dir=$(mktemp -d "${TMPDIR:-/tmp}/sipregd-demo.XXXXXX")
mkfifo "$dir/in" "$dir/out"

say "A registrar of our own: digest, outbound (RFC 5626), its own CA."

"$build/tests/registrar" --udp 127.0.0.1:0 --tcp 127.0.0.1:0 \
	--tls 127.0.0.1:0 --domain example.org --outbound \
	--algorithm sha-256,md5 \
	--user tcp:one --user tls:two --user udp:three \
	--ca-dir "$dir" --name $server --log "$dir/registrar.log" \
	<"$dir/in" >"$dir/out" 2>"$dir/registrar.err" &
registrar=$!
exec 3>"$dir/in" 4<"$dir/out"

while :; do
	IFS=' ' read -r word address <&4 ||
		fail "the registrar: $(cat "$dir/registrar.err")"
	case $word in
	udp) udp=$address ;;
	tcp) tcp=$address ;;
	tls) tls=$address ;;
	ready) break ;;
	esac
done
echo "udp $udp, tcp $tcp, tls $tls as \"$server\""

say "sipregd with three accounts, one over each transport."

cat >"$dir/sipregd.conf" <<CONF
control_socket = "$dir/control";
state_dir      = "$dir/state";

accounts = (
  { name = "tcp"; aor = "sip:tcp@example.org"; password = "one";
    registrar = "sip:$tcp;transport=tcp"; transport = "tcp"; },
  { name = "tls"; aor = "sip:tls@example.org"; password = "two";
    registrar = "sip:$tls;transport=tls"; transport = "tls";
    tls = { name = "$server"; ca_file = "$dir/ca.pem"; }; },
  { name = "udp"; aor = "sip:udp@example.org"; password = "three";
    registrar = "sip:$udp;transport=udp"; transport = "udp"; }
);
CONF
mkdir "$dir/state"
sed -n '/^accounts/,$p' "$dir/sipregd.conf" | sed "s|$dir/||" |
	sed 's/password = "[^"]*"/password = "***"/'

"$build/sipregd" -c "$dir/sipregd.conf" 2>"$dir/daemon.log" 3>&- 4<&- &
daemon=$!
until_true all_registered || fail "not all registered in $patience s"

say "\$ sipregctl list"
if [ -t 1 ]; then
	ctl list
else
	ctl list | expand -t 6,18,29,42,69,80,103
fi

say "Can a call arrive? The registrar sends a request to each account."

for account in $accounts; do
	code=$(ask request OPTIONS "sip:$account@example.org")
	echo "OPTIONS sip:$account@example.org -> $code"
	[ "$code" = 200 ] || fail "$account does not answer"
done

say "The TLS connection breaks."

until_true tls_proven || fail "no pong for tls"
before=$(tls_local)
[ -n "$before" ] || fail "no flow for tls"
start=$(msec)
cut=$(ask cut tls)
[ "$cut" = "cut 1" ] || fail "nothing to cut: $cut"
until_true on_new_connection || fail "tls did not come back in $patience s"
stop=$(msec)
echo "was $before, is $now: registered again after $((stop - start)) ms"

code=$(ask request OPTIONS sip:tls@example.org)
echo "OPTIONS sip:tls@example.org -> $code"
[ "$code" = 200 ] || fail "tls does not answer on its new connection"

say "\$ sipregctl status tls"
ctl status tls

say "SIGTERM: sipregd takes its bindings away before it goes."

kill -TERM "$daemon"
until_true has_ended || fail "sipregd does not end"
code=0
wait "$daemon" || code=$?
daemon=

for account in $accounts; do
	left=$(ask bindings "sip:$account@example.org")
	echo "bindings of sip:$account@example.org: $left"
	[ "$left" = 0 ] || fail "$account is still bound"
done
echo "sipregd ended with $code"
[ "$code" = 0 ] || fail "that is not 0"

say "All as it should be."
