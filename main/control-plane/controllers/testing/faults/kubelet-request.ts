/** ECDSA: O=system:nodes, CN=system:node:worker-1; as a kubelet asks with, made by OpenSSL. */
export const kubeletRequest = `-----BEGIN CERTIFICATE REQUEST-----
MIHyMIGYAgEAMDYxFTATBgNVBAoMDHN5c3RlbTpub2RlczEdMBsGA1UEAwwUc3lz
dGVtOm5vZGU6d29ya2VyLTEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQBBwa2
Vzmo5MmMz9JQGKQmZ7VED7surVuMH+c+CNLZILt37ceoXOhmh5NvfnWDSCNs+0Cw
NBSMkH9YNh0l2TmjoAAwCgYIKoZIzj0EAwIDSQAwRgIhAKIBxQUOeCOxjYYntOEa
khu/vt9a5qMRuZcd/E9c6GfKAiEA9BPLLIFz8YugU8jQ/zoCln3ZV5VeCf7NR6Rv
owzJlx4=
-----END CERTIFICATE REQUEST-----
`
