# Contact policy auto without outbound: the first REGISTER of a new flow must
# be challenged, the 401 shows where the registrar sees us.
account tcp policy auto method register interval 3600
come-up 300s
expect register reused within 135s..165s
reply 200 lease 300
lost flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 200 lease 300
