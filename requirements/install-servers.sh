#!/bin/sh
# Installs the servers that tests drive: Dovecot (IMAP, LMTP), Postfix, mlmmj, PostgreSQL, PgBouncer, what the bench
# itself calls (swaks, openssl, strace), and what boots a systemd in a container. Tests start their own copies with their own
# configuration in temporary folders, so nothing of the system's is started or enabled here.
set -eu

PACKAGES="dovecot-imapd dovecot-lmtpd postfix mlmmj postgresql pgbouncer swaks openssl strace systemd-container dbus python3-venv"
GUARD=/usr/sbin/policy-rc.d

missing=""
for package in $PACKAGES; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "servers: all installed"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "servers: missing:$missing; run this as root" >&2
  exit 1
fi

# Debian asks policy-rc.d before it starts a service; 101 means "no". A guard that was there before stays.
if [ ! -e "$GUARD" ]; then
  trap 'rm -f "$GUARD"' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >"$GUARD"
  chmod 755 "$GUARD"
fi

export DEBIAN_FRONTEND=noninteractive
echo "servers: installing$missing"
apt-get update -qq
# shellcheck disable=SC2086  # a list of words is meant
apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "servers: installed$missing"
