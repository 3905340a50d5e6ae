"""What FOCUS calls the AWS services that most bills consist of.

Names are AWS' own product names; categories and subcategories are FOCUS 1.2's (column ServiceSubcategory). A product
that is not listed keeps the name the bill gives it and is of category Other.
"""

from typing import NamedTuple


class Service(NamedTuple):
    """A service in the words of FOCUS."""

    name: str
    category: str
    subcategory: str


AI, COMPUTE, DATA, DB = "AI and Machine Learning", "Compute", "Analytics", "Databases"
NETWORK, STORAGE, OPS, SECURITY, GLUE = "Networking", "Storage", "Management and Governance", "Security", "Integration"

BLOCK_STORAGE = Service("Amazon Elastic Compute Cloud", STORAGE, "Block Storage")  # EBS is billed as EC2
BEDROCK = Service("Amazon Bedrock", AI, "Generative AI")
SAVINGS_PLANS = Service("Savings Plans for AWS Compute usage", COMPUTE, "Other (Compute)")
OTHER = ("Other", "Other (Other)")

SERVICES: dict[str, Service] = {  # by line_item_product_code
    "AmazonBedrock": BEDROCK,
    "AmazonBedrockService": BEDROCK,
    "AmazonBedrockFoundationModels": BEDROCK,
    "AmazonBedrockAgentCore": Service("Amazon Bedrock AgentCore", AI, "Generative AI"),
    "AmazonSageMaker": Service("Amazon SageMaker", AI, "AI Platforms"),
    "AmazonQ": Service("Amazon Q", AI, "Generative AI"),
    "AmazonKendra": Service("Amazon Kendra", AI, "Other (AI and Machine Learning)"),
    "AmazonLex": Service("Amazon Lex", AI, "Bots"),
    "AmazonPolly": Service("Amazon Polly", AI, "Natural Language Processing"),
    "AmazonRekognition": Service("Amazon Rekognition", AI, "Machine Learning"),
    "AmazonTextract": Service("Amazon Textract", AI, "Machine Learning"),
    "comprehend": Service("Amazon Comprehend", AI, "Natural Language Processing"),
    "transcribe": Service("Amazon Transcribe", AI, "Natural Language Processing"),
    "translate": Service("Amazon Translate", AI, "Natural Language Processing"),
    "AmazonEC2": Service("Amazon Elastic Compute Cloud", COMPUTE, "Virtual Machines"),
    "AmazonLightsail": Service("Amazon Lightsail", COMPUTE, "Virtual Machines"),
    "AWSLambda": Service("AWS Lambda", COMPUTE, "Serverless Compute"),
    "AmazonECS": Service("Amazon Elastic Container Service", COMPUTE, "Containers"),
    "AmazonEKS": Service("Amazon Elastic Container Service for Kubernetes", COMPUTE, "Containers"),
    "AmazonECR": Service("Amazon EC2 Container Registry (ECR)", COMPUTE, "Containers"),
    "AWSBatch": Service("AWS Batch", COMPUTE, "Other (Compute)"),
    "AmazonWorkSpaces": Service("Amazon WorkSpaces", COMPUTE, "End User Computing"),
    "ComputeSavingsPlans": SAVINGS_PLANS,
    "DatabaseSavingsPlans": Service("Database Savings Plans", DB, "Other (Databases)"),
    "MachineLearningSavingsPlans": Service("Machine Learning Savings Plans", AI, "AI Platforms"),
    "AmazonRDS": Service("Amazon Relational Database Service", DB, "Relational Databases"),
    "AmazonDynamoDB": Service("Amazon DynamoDB", DB, "NoSQL Databases"),
    "AmazonDocDB": Service("Amazon DocumentDB (with MongoDB compatibility)", DB, "NoSQL Databases"),
    "AmazonElastiCache": Service("Amazon ElastiCache", DB, "Caching"),
    "AmazonMemoryDB": Service("Amazon MemoryDB", DB, "Caching"),
    "AmazonNeptune": Service("Amazon Neptune", DB, "Other (Databases)"),
    "AmazonRedshift": Service("Amazon Redshift", DB, "Data Warehouses"),
    "AmazonTimestream": Service("Amazon Timestream", DB, "Time Series Databases"),
    "AmazonAthena": Service("Amazon Athena", DATA, "Data Processing"),
    "AWSGlue": Service("AWS Glue", DATA, "Data Processing"),
    "ElasticMapReduce": Service("Amazon Elastic MapReduce", DATA, "Data Processing"),
    "AmazonES": Service("Amazon OpenSearch Service", DATA, "Search"),
    "AmazonKinesis": Service("Amazon Kinesis", DATA, "Streaming Analytics"),
    "AmazonKinesisFirehose": Service("Amazon Kinesis Firehose", DATA, "Streaming Analytics"),
    "AmazonMSK": Service("Amazon Managed Streaming for Apache Kafka", DATA, "Streaming Analytics"),
    "AmazonQuickSight": Service("Amazon QuickSight", DATA, "Business Intelligence"),
    "AmazonS3": Service("Amazon Simple Storage Service", STORAGE, "Object Storage"),
    "AmazonS3GlacierDeepArchive": Service("Amazon S3 Glacier Deep Archive", STORAGE, "Object Storage"),
    "AmazonGlacier": Service("Amazon Glacier", STORAGE, "Object Storage"),
    "AmazonEFS": Service("Amazon Elastic File System", STORAGE, "File Storage"),
    "AmazonFSx": Service("Amazon FSx", STORAGE, "File Storage"),
    "AWSBackup": Service("AWS Backup", STORAGE, "Backup Storage"),
    "AmazonVPC": Service("Amazon Virtual Private Cloud", NETWORK, "Network Infrastructure"),
    "AWSDataTransfer": Service("AWS Data Transfer", NETWORK, "Network Connectivity"),
    "AWSELB": Service("Elastic Load Balancing", NETWORK, "Network Routing"),
    "AmazonCloudFront": Service("Amazon CloudFront", NETWORK, "Content Delivery"),
    "AmazonRoute53": Service("Amazon Route 53", NETWORK, "Network Routing"),
    "AWSDirectConnect": Service("AWS Direct Connect", NETWORK, "Network Connectivity"),
    "AmazonApiGateway": Service("Amazon API Gateway", NETWORK, "Application Networking"),
    "AmazonCloudWatch": Service("AmazonCloudWatch", OPS, "Observability"),
    "AWSCloudTrail": Service("AWS CloudTrail", OPS, "Observability"),
    "AWSConfig": Service("AWS Config", OPS, "Compliance"),
    "AWSSystemsManager": Service("AWS Systems Manager", OPS, "Endpoint Management"),
    "AWSCostExplorer": Service("AWS Cost Explorer", OPS, "Cost Management"),
    "AWSSupportBasic": Service("AWS Support (Basic)", OPS, "Support"),
    "AWSSupportDeveloper": Service("AWS Support (Developer)", OPS, "Support"),
    "AWSSupportBusiness": Service("AWS Support (Business)", OPS, "Support"),
    "AWSSupportEnterprise": Service("AWS Support (Enterprise)", OPS, "Support"),
    "awskms": Service("AWS Key Management Service", SECURITY, "Secret Management"),
    "AWSSecretsManager": Service("AWS Secrets Manager", SECURITY, "Secret Management"),
    "AmazonGuardDuty": Service("Amazon GuardDuty", SECURITY, "Threat Detection and Response"),
    "AWSSecurityHub": Service("AWS Security Hub", SECURITY, "Security Posture Management"),
    "awswaf": Service("AWS WAF", SECURITY, "Threat Detection and Response"),
    "AmazonSNS": Service("Amazon Simple Notification Service", GLUE, "Messaging"),
    "AWSQueueService": Service("Amazon Simple Queue Service", GLUE, "Messaging"),
    "AWSEvents": Service("CloudWatch Events", GLUE, "Messaging"),
    "AmazonStates": Service("AWS Step Functions", GLUE, "Workflow Orchestration"),
}
