# SCENARIOS T3: the lease is ours, not the first one in the list.
account tcp ponging expires 3600
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 120 behind 3600
expect granted 120
expect foreign 1
expect register within 54s..66s
reply 200 lease 120 behind 60
expect registered yes
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
# listed with expires=0: another way to say that it is not there
reply 200 lease 0 behind 3600
expect register
reply 200 absent
expect registered no
expect reason binding-absent
