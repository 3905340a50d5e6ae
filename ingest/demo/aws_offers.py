"""What the demo company buys from AWS, at list price.

Prices are AWS's public on-demand prices in USD for us-east-1 Linux as of 2026; services without a GPU use round prices
of the right size.
"""

from ingest.demo.fleet import machine, metered
from ingest.demo.offer import Service

EC2 = Service("Amazon Elastic Compute Cloud", "Compute", "Virtual Machines", "Instance")
EKS = Service("Amazon Elastic Kubernetes Service", "Compute", "Containers", "Cluster")
S3 = Service("Amazon Simple Storage Service", "Storage", "Object Storage", "Bucket")
FSX = Service("Amazon FSx", "Storage", "File Storage", "File system")
EMR = Service("Amazon EMR", "Analytics", "Data Processing", "Cluster")
OPENSEARCH = Service("Amazon OpenSearch Service", "Analytics", "Search", "Domain")
VPC = Service("Amazon Virtual Private Cloud", "Networking", "Network Infrastructure", "NAT gateway")
TRANSFER = Service("AWS Data Transfer", "Networking", "Network Connectivity", "Interface")
CLOUDWATCH = Service("AmazonCloudWatch", "Management and Governance", "Observability", "Log group")
SUPPORT = Service("AWS Support (Business)", "Management and Governance", "Support", "Support plan")

P5 = machine(EC2, "p5.48xlarge", "55.04", gpus=8, gpu="H100")
P5EN = machine(EC2, "p5en.48xlarge", "63.296", gpus=8, gpu="H200")
P6 = machine(EC2, "p6-b200.48xlarge", "113.9328", gpus=8, gpu="B200")
P4DE = machine(EC2, "p4de.24xlarge", "27.44705", gpus=8, gpu="A100")
P3 = machine(EC2, "p3.16xlarge", "24.48", gpus=8, gpu="V100")
P3_SMALL = machine(EC2, "p3.2xlarge", "3.06", gpus=1, gpu="V100")
G4 = machine(EC2, "g4dn.12xlarge", "3.912", gpus=4, gpu="T4")
G4_SMALL = machine(EC2, "g4dn.xlarge", "0.526", gpus=1, gpu="T4")
G5 = machine(EC2, "g5.12xlarge", "5.672", gpus=4, gpu="A10G")
G6E = machine(EC2, "g6e.12xlarge", "10.49264", gpus=4, gpu="L40S")
M6I = machine(EC2, "m6i.8xlarge", "1.536")
CONTROL_PLANE = metered(EKS, "eks:cluster-hour", "Cluster, by the hour", "Hours", "0.1")
EKS_NODE = metered(EKS, "eks:auto-mode-node", "Managed node, by the hour", "Hours", "1.72032")
BUCKET = metered(S3, "s3:standard-storage", "Standard storage", "GB-Months", "0.023")
LUSTRE = metered(FSX, "fsx:lustre-250", "Lustre storage, 250 MB/s per TiB", "GB-Months", "0.21")
EMR_NODE = metered(EMR, "emr:r6g.4xlarge", "r6g.4xlarge in a cluster, by the hour", "Hours", "1.00784")
SEARCH_NODE = metered(OPENSEARCH, "es:r6g.2xlarge", "r6g.2xlarge data node, by the hour", "Hours", "0.67")
NAT = metered(VPC, "nat:gigabytes", "Data through NAT gateways", "GB", "0.045")
EGRESS = metered(TRANSFER, "transfer:out", "Data out to the internet", "GB", "0.07")
LOGS = metered(CLOUDWATCH, "logs:ingest", "Log data taken in", "GB", "0.5")
SUPPORT_PLAN = metered(SUPPORT, "support:business", "Business support, by the month", "Months", "14500")
