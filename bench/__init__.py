"""Measurements that are run by hand; none of them is a test, because a busy machine must not fail one."""
