#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes bench/docker-seccomp.json: Docker's default profile as Docker puts it into a config.json.

Run once by hand; the result is checked in.
Source: profiles/seccomp/default.json of moby (Apache-2.0), as found in Debian's package
golang-github-docker-docker-dev 20.10.24+dfsg1-1+deb12u1. Its conditions are resolved for amd64,
for Docker's default capabilities, and for any kernel that we support.

    bench/make-seccomp.py < default.json > bench/docker-seccomp.json
"""
import json
import sys

CAPABILITIES = {"CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP "
    "NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE").split()}
ARCH = "amd64"
ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]


def applies(rule):
    """Moby's rules: an excluded match drops the rule, every include must match."""
    wants, forbids = rule.get("includes") or {}, rule.get("excludes") or {}
    if ARCH in forbids.get("arches", []) or CAPABILITIES & set(forbids.get("caps", [])):
        return False
    if "arches" in wants and ARCH not in wants["arches"]:
        return False
    return set(wants.get("caps", [])) <= CAPABILITIES  # minKernel is older than our baseline


def convert(rule):
    result = {"names": rule["names"], "action": rule["action"]}
    if rule.get("errnoRet") is not None:
        result["errnoRet"] = rule["errnoRet"]
    if rule.get("args"):
        result["args"] = rule["args"]
    return result


def main():
    source = json.load(sys.stdin)
    rules = [convert(rule) for rule in source["syscalls"] if applies(rule)]
    lines = ",\n    ".join(json.dumps(rule) for rule in rules)
    print(f'{{\n  "defaultAction": "{source["defaultAction"]}",\n'
          f'  "architectures": {json.dumps(ARCHITECTURES)},\n'
          f'  "syscalls": [\n    {lines}\n  ]\n}}')


main()
