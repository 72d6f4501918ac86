# SCENARIOS T9: 407 instead of 401.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 407
expect register fresh
reply 200 lease 300
expect registered yes
