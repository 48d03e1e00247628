# The first process of the machine: what the service may write or be installed into is in memory, all else as it is.
set -e
mount --make-rprivate /
for folder in /run /var/lib /var/cache "$PLACE/over"; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=755 none "$folder"
done
for folder in etc usr/bin; do
  over="$PLACE/over/$folder"
  mkdir -p "$over/upper" "$over/work"
  mount -t overlay -o "lowerdir=/$folder,upperdir=$over/upper,workdir=$over/work" none "/$folder"
done
touch /usr/bin/leadsman
mount --bind "$BINARY" /usr/bin/leadsman
cp -r "$PLACE/etc/." /etc
umount -l -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
exec env -i container=test SYSTEMD_UNIT_PATH="$PLACE/units" SYSTEMD_GENERATOR_PATH=/nowhere SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/nowhere \
  /lib/systemd/systemd --system --unit=default.target --log-target=console --default-standard-output=inherit
