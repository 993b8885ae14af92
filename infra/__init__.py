"""The stack of a service, one construct per concern. The only place that imports aws_cdk."""
