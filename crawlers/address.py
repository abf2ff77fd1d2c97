"""Addresses of the open internet, told from those of private networks, loopback and the like.

The rule to know: an address is judged where the connection is made, never by the name alone.
"""

from __future__ import annotations

import ipaddress


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet, also when it is an IPv4 address inside an IPv6 one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast
