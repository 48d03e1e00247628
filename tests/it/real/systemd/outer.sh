# Starts a machine in namespaces and a cgroup of its own, and leaves nothing behind when it ends.
set -e
mount --make-rprivate /
mkdir -p "$PLACE/groups"
mount -t cgroup2 none "$PLACE/groups"
above="$PLACE/groups$(sed -n 's/^0:://p' /proc/self/cgroup)"
own="$above/leadsman-test-$$"
mkdir "$own"
echo $$ > "$own/cgroup.procs"
unshare --cgroup --mount --pid --fork --ipc --uts --mount-proc sh "$PLACE/inner.sh" &
echo $! > "$PLACE/new" && mv "$PLACE/new" "$PLACE/pid"
wait || true
echo $$ > "$above/cgroup.procs"
find "$own" -depth -type d -exec rmdir {} \;
