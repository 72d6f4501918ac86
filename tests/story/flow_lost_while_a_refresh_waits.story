# A refresh was refused and the next try is far, while the old binding still
# brought calls; now its connection breaks, and that is mended at once.
account tcp ponging expires 3600
come-up 3600s
kick
expect register reused
reply 500
expect state wait
expect reachable unknown
pass 5s
lost flow-lost
expect reachable no
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect registered yes
