# Our own clock decides, whatever goes on: no answer, a lost flow, no DNS.
account tcp ponging expires 100
come-up 100s
expect register within 45s..55s
pass 31s
expect registered yes
lost flow-lost
expect resolve within 0..250ms
resolve-failed
expect registered yes
expect resolve within 4s..8s
pass 20s
expect registered no
expect reachable no
