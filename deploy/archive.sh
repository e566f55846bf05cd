#!/usr/bin/env bash
# Makes of a program and a page what is installed: an archive, and a Debian package where dpkg-deb is.
# The same program and page make the same bytes, whenever and by whomever: times are SOURCE_DATE_EPOCH,
# by default that of the last commit.
#
# archive.sh PROGRAM PAGE TO
set -euo pipefail
umask 022
(($# == 3)) || { sed -n '2,6s/^# \?//p' "$0" >&2; exit 2; }
program=$(realpath "$1") page=$(realpath "$2")
mkdir -p "$3"
to=$(realpath "$3")
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p;/^version/q' Cargo.toml)
machine=$(uname -m)
name=bsmv-$version-$machine-linux
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 315532800)}
export SOURCE_DATE_EPOCH

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage/$name
share=$root/share/bsmv

install -D -m755 "$program" "$root/bin/bsmv"
mkdir -p "$share/models"
cp -r "$page" "$share/www"
cp -r models/bsmv-base models/brands.json "$share/models"
install -D -m644 -t "$root/share/doc/bsmv" README.md CHANGELOG.md LICENSE
cp -r docs "$root/share/doc/bsmv"
install -D -m644 -t "$root/etc" deploy/bsmv.toml deploy/bsmv.service
python3 deploy/sbom.py >"$root/share/doc/bsmv/sbom.cdx.json"
chmod -R u=rwX,go=rX "$root"

tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar \
  -C "$stage" -cf - "$name" | gzip -n6 >"$to/$name.tar.gz"

if command -v dpkg-deb >/dev/null; then
  deb=$stage/deb
  mkdir -p "$deb/usr" "$deb/DEBIAN"
  cp -r "$root/bin" "$root/share" "$deb/usr"
  mv "$deb/usr/share/doc/bsmv/LICENSE" "$deb/usr/share/doc/bsmv/copyright"
  install -D -m644 deploy/bsmv.toml "$deb/etc/bsmv/bsmv.toml"
  install -D -m644 deploy/bsmv.service "$deb/usr/lib/systemd/system/bsmv.service"
  # The newest symbols that the program asks the C library for.
  libc=$(grep -ao 'GLIBC_2\.[0-9]\+' "$program" | sort -uV | tail -1)
  cat >"$deb/DEBIAN/control" <<END
Package: bsmv
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: bsmv <bsmv@localhost>
Section: web
Priority: optional
Installed-Size: $(du -sk --apparent-size "$deb/usr" | cut -f1)
Depends: libc6 (>= ${libc#GLIBC_}), libgcc-s1
Description: scores what a social-media post is worth to a brand
 Serves an HTTP API and a page, and keeps published posts and their events in
 one file. The program speaks to nobody on its own.
END
  echo /etc/bsmv/bsmv.toml >"$deb/DEBIAN/conffiles"
  install -m755 deploy/debian/postinst deploy/debian/prerm "$deb/DEBIAN"
  find "$deb" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zgzip -z6 --build "$deb" \
    "$to/bsmv_${version}_$(dpkg --print-architecture).deb" >/dev/null
fi

cd "$to"
sha256sum bsmv[-_]"$version"* >SHA256SUMS
cat SHA256SUMS
