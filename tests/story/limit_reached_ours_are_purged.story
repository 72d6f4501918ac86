# SCENARIOS T24: twenty bindings at the registrar, which takes no more and says
# 403 "too many contacts". Those that an earlier run of ours left are removed in
# the very first REGISTER, no other is ever named.
account tcp ponging token
restored 52 worked
old 3
start
expect resolve
resolved 1
expect open
connected
expect register none
expect named 3
reply 401
expect register fresh
expect named 3
reply 200 lease 3600 foreign 17
expect registered yes
expect foreign 17
expect ghosts 0
expect registers 2

# more of them than one REGISTER removes: the rest goes with the next ones, and
# the seventeen others stay
account tcp ponging token
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 3600 foreign 17 ghost 1 ghost 2 ghost 3
expect register
expect named 3
reply 200 lease 3600 foreign 17
expect registered yes
expect foreign 17
expect ghosts 0
expect nothing for 5s
