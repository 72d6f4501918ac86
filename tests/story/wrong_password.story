# SCENARIOS T10: two REGISTERs with credentials, then silence for ever.
account tcp
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
expect registered no
expect reachable no
expect registers 3
expect nothing for 30d
# a new password, or the operator's word, acts at once
kick
expect resolve
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 200 lease 300
expect registered yes
