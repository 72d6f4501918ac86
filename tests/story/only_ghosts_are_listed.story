# The 200 lists an earlier binding of ours and not the present one: once more at
# once, then a back-off, and the reason says so.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 absent ghost 3
expect reason binding-ghost-only
expect registered no
expect reachable unknown
expect register
expect named 1
reply 200 absent ghost 3
expect state wait
expect reason binding-ghost-only
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
reply 200 lease 3600
expect ghosts 0
expect registered yes
