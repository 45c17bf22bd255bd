#!/bin/sh
# boot.sh FOLDER ROOT_OF_CLONE: boots a real systemd on a copy-on-write view of this machine, with mailbot in /opt/mailbot
# as a person installs it: a virtual environment of the system's own Python, from the lock. FOLDER/files is laid over it.
#
# Needs root, systemd-container, dbus and python3-venv. All mounts are made in a mount namespace of its own (the caller
# starts this with unshare --mount), so nothing is left when the processes end. The network is that of this machine.
set -eu
folder=$1 clone=$2
layers=$folder/layers root=$folder/root

mkdir -p "$layers" "$root"
mount -t tmpfs -o size=2g,mode=755 tmpfs "$layers"
mkdir "$layers/upper" "$layers/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$root"
touch "$folder/mounted"

# Whatever a service of this name left behind on the machine itself is not ours to use.
rm -rf "$root/opt" "$root/var/lib/private" "$root/etc/mailbot" "$root/etc/machine-id"
mkdir "$root/opt" "$layers/opt" "$layers/opt-work"
mount -t overlay overlay -o "lowerdir=/opt,upperdir=$layers/opt,workdir=$layers/opt-work" /opt
mount --bind /opt "$root/opt"
rm -rf /opt/mailbot
/usr/bin/python3 -m venv /opt/mailbot
pip="/opt/mailbot/bin/python -m pip --quiet --disable-pip-version-check install --no-compile"
# Without the tools of developers, which nobody needs and which take half of the time.
awk '/^[a-z]/ { tool = /^(mypy|mypy-extensions|librt|ruff|hypothesis|pytest|pytest-xdist|import-linter|grimp)==/ } !tool' \
  "$clone/requirements/lock.txt" >"$folder/lock.txt"
$pip --require-hashes --requirement "$folder/lock.txt"
mkdir /opt/source
for part in pyproject.toml README.md mailbot config templates systemd; do cp -r "$clone/$part" /opt/source/; done
$pip --no-deps --no-build-isolation --no-index /opt/source
touch "$folder/installed"

/opt/mailbot/bin/mailbot --quiet init "$root/etc/mailbot"
cp -r "$folder/files/." "$root/"
cp "$clone/systemd/mailbot.service" "$root/etc/systemd/system/"
cat >"$root/etc/systemd/system/bench.target" <<END
[Unit]
Requires=sysinit.target dbus.socket
After=sysinit.target dbus.socket
AllowIsolate=yes
END

# A machine whose cgroups are not (only) of the second version cannot give the second version to a container.
hierarchy=$([ -e /sys/fs/cgroup/cgroup.controllers ] && echo 1 || echo 0)
exec systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --link-journal=no --boot \
  systemd.unit=bench.target systemd.unified_cgroup_hierarchy="$hierarchy"
