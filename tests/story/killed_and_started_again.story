# SCENARIOS T14: kill -9 and start. CSeq goes on, and the first REGISTER names
# the binding of the earlier run, to have it replaced.
account tcp ponging
come-up 1h
expect cseq 2
pass 10m
# written ahead of its use, see daemon/state.h
restored 52 worked
expect registered no
start
expect resolve
resolved 1
expect open
connected
expect register none
expect cseq 53
expect named 1
reply 401
expect register fresh
expect named 1
reply 200 lease 3600
expect registered yes
# done: it is not named again
expect register within 45m..55m
expect named 0
expect cseq 55
reply 200 lease 3600

# credentials that worked in the earlier run are not held for ever
account tcp
restored 52 worked
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 401
expect register fresh
reply 401
expect state held
expect reason credentials
expect resolve within 5m..5m
