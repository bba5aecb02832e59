"""`make vm-test`: a guest under QEMU with cgroup v2 only, in which the product is tested."""
