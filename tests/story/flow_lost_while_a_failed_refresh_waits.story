# Still bound, a refresh was answered 500, and then the connection breaks: no
# call can come, so the wait is over.
account tcp ponging expires 1000
come-up 1000s
expect register within 450s..550s
reply 500
expect state wait
lost flow-lost
expect resolve within 0..250ms
