# RFC 5626 §8: STUN on the SIP port only where the edge said that it may be.
account udp expires 600
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 600 stun-allowed
expect method stun
expect stun within 0..1s
stun-answer
expect flow proven
expect stun within 20s..25s
seen stun 203.0.113.7:61000
expect mapping 203.0.113.7:61000
expect stun within 20s..25s
# a NAT that forgot us shows here as well
seen stun 203.0.113.7:61001
expect register
reply 200 lease 600 stun-allowed
expect interval 15s..18.8s
expect stun within 1s..18.8s
stun-answer
# withdrawn with the next 200
kick
expect register
reply 200 lease 600
expect method options
expect options within 1s..18.8s
options-answer
expect flow proven

# allowed, and yet it never answers: asked otherwise, and no flow dies of it
account udp expires 600
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 600 stun-allowed
expect stun within 0..1s
expect options within 3.5s..3.5s
options-answer
expect method options
expect flow proven
expect options within 15s..25s

# it used to answer: four lost tries make it suspect
account udp expires 600
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 600 stun-allowed
expect stun within 0..1s
stun-answer
expect stun within 20s..25s
expect aside within 3.5s..3.5s
expect resolve

# the operator's word is allowance enough
account udp method stun
come-up 600s
expect stun within 0..1s
