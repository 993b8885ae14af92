"""A simulated EC2 machine with docker: commands really run on it, containers answer on real sockets."""
