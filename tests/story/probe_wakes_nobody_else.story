# DESIGN §8: while other devices share the AOR no probe is sent; when they are
# gone it goes on. The operator may ask all the same.
account udp probe 600 ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 7200 foreign 1
expect foreign 1
expect register within 500s..600s
reply 200 lease 7200 foreign 2
probe
expect probe
probe-arrived
probe-answer 200
expect proof proven
expect register within 500s..600s
reply 200 lease 7200
expect foreign 0
expect probe within 1s..3s
probe-arrived
probe-answer 200
expect proof proven

# none without a flow: it goes with it
account udp probe 600 ponging
come-up 2h
expect probe within 1s..3s
lost flow-lost
expect probe-close
expect proof unknown
expect resolve within 1ms..250ms

# on streams the registrar's request comes over this very connection or not at
# all: no second one is opened for it
account tcp probe 600 ponging
come-up 2h
expect probe-on-flow within 1s..3s
probe-arrived
probe-answer 200
expect reachable yes
