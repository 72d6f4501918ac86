# The other family is tried beside a silent connect; whichever connects first.
account tcp
start
expect resolve
resolved 2 families
expect open
expect race within 250ms..250ms
expect open-rival
connected
expect address 0
expect register none
reply 200 lease 3600
expect registered yes

# each may fail alone, and the other one goes on
account tcp
start
expect resolve
resolved 2 families
expect open
expect race within 250ms..250ms
expect open-rival
rival-refused connect-refused down 2
expect state connect
connected
expect address 0
expect register none

account tcp
start
expect resolve
resolved 2 families
expect open
expect race within 250ms..250ms
expect open-rival
refused connect-refused down 1
expect state connect
expect address 1
connected
expect register none

# a refusal is no silence: the next one at once
account tcp
start
expect resolve
resolved 2 families
expect open
refused connect-refused down 1
expect open
expect address 1
connected
expect register none

# both fail: on to the next host, and there they race again
account tcp
start
expect resolve
resolved 4 families
expect open
expect race within 250ms..250ms
expect open-rival
rival-refused connect-refused down 2
refused connect-refused down 3
expect open
expect address 2
expect race within 250ms..250ms
expect open-rival
# the connect timeout of the first, then of the rival
expect nothing for 9.9s
expect state connect
expect nothing for 200ms
expect state wait
expect reason connect-timeout
expect resolve within 4s..8s
