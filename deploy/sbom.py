"""Writes what the server is made of as CycloneDX 1.6 to standard output.

From `cargo metadata`, for the packages that `--no-default-features --features server` builds into the
program, and nothing of tests or build scripts' own tools. The same lock file makes the same bytes.
"""

import datetime
import hashlib
import json
import os
import subprocess
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = "x86_64-unknown-linux-gnu"


def metadata():
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--no-default-features"]
    command += ["--features=server", f"--filter-platform={TARGET}"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def built_in(meta):
    """Ids of the packages that are linked into the program, each with those that it uses."""
    nodes = {node["id"]: node for node in meta["resolve"]["nodes"]}
    uses, waiting = {}, [meta["resolve"]["root"]]
    while waiting:
        package = waiting.pop()
        if package in uses:
            continue
        deps = nodes[package]["deps"]
        normal = [d["pkg"] for d in deps if any(kind["kind"] is None for kind in d["dep_kinds"])]
        uses[package] = normal
        waiting += normal
    return uses


def sums():
    """The SHA-256 of each package's file, by name and version, from the lock file."""
    found, name, version = {}, None, None
    for line in (ROOT / "Cargo.lock").read_text().splitlines():
        key, _, value = line.partition(" = ")
        value = value.strip('"')
        if key == "name":
            name = value
        elif key == "version":
            version = value
        elif key == "checksum":
            found[name, version] = value
    return found


def component(package, checksums, kind):
    name, version = package["name"], package["version"]
    purl = f"pkg:cargo/{name}@{version}"
    made = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if package.get("description"):
        made["description"] = " ".join(package["description"].split())
    if package.get("license"):
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if (name, version) in checksums:
        made["hashes"] = [{"alg": "SHA-256", "content": checksums[name, version]}]
    return made


def main():
    meta = metadata()
    uses = built_in(meta)
    packages = {package["id"]: package for package in meta["packages"]}
    root = meta["resolve"]["root"]
    checksums = sums()
    ref = {i: f"pkg:cargo/{packages[i]['name']}@{packages[i]['version']}" for i in uses}
    libraries = [component(packages[i], checksums, "library") for i in uses if i != root]
    moment = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": component(packages[root], checksums, "application"),
        },
        "components": sorted(libraries, key=lambda c: c["purl"]),
        "dependencies": sorted(
            ({"ref": ref[i], "dependsOn": sorted({ref[d] for d in uses[i]})} for i in uses),
            key=lambda d: d["ref"],
        ),
    }
    # Named by its content, so that the same content has the same name.
    digest = hashlib.sha256(json.dumps(bom, sort_keys=True).encode()).digest()
    bom["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"
    print(json.dumps(bom, indent=2))


main()
