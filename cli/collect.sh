#!/usr/bin/env bash
# shellcheck disable=SC2016 # the backticks in queries are JMESPath's
# Saves what AWS answers to the questions of a launch readiness audit, for `make audit FROM=folder` on another machine.
# It needs bash and the AWS CLI, as in CloudShell. It only describes, gets and lists. Of environment variables it saves
# the names, and of what else may be a secret nothing. Where AWS refuses, it writes down why, and goes on.
# How the files are called: cli/saved_commands.py.

set -u
umask 077
export AWS_PAGER="" AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=6

folder="" regions=() word=${NAMED:-} app=${APP:-} branch=${BRANCH:-main}
app_region=${APP_REGION:-} mail_region=${MAIL_REGION:-}
at="" # the region that is asked; empty where there is but one for the whole account
AT_ONCE=8

# What is kept of answers that may hold secrets: as in cli/saved_commands.yaml.
APP_NAMES='app.{name:name,platform:platform,domain:defaultDomain,role:iamServiceRoleArn,variables:keys(environmentVariables||`{}`),future:keys(autoBranchCreationConfig.environmentVariables||`{}`)}'
BRANCHES='branches[].{name:branchName,stage:stage,build:enableAutoBuild,variables:keys(environmentVariables||`{}`)}'
JOBS='jobSummaries[].{jobId:jobId,status:status,startTime:startTime,endTime:endTime,commitId:commitId}'
DISTRIBUTIONS='(DistributionList.Items||`[]`)[].{id:Id,status:Status,enabled:Enabled,comment:Comment,aliases:Aliases.Items,origins:Origins.Items[].DomainName,default:DefaultCacheBehavior.ViewerProtocolPolicy,others:CacheBehaviors.Items[].{path:PathPattern,policy:ViewerProtocolPolicy}}'
HEALTH_CHECKS='HealthChecks[].{id:Id,type:HealthCheckConfig.Type,disabled:HealthCheckConfig.Disabled}'
LISTENERS='Listeners[].{arn:ListenerArn,protocol:Protocol,port:Port,actions:DefaultActions[].{type:Type,redirect:RedirectConfig}}'
TASK_DEFINITION='taskDefinition.{family:family,revision:revision,containers:containerDefinitions[].{name:name,variables:environment[].name}}'
SERVICES='services[].{arn:serviceArn,public:networkConfiguration.awsvpcConfiguration.assignPublicIp,sets:taskSets[].{public:networkConfiguration.awsvpcConfiguration.assignPublicIp}}'
FINDINGS='{status:imageScanStatus,counts:imageScanFindings.findingSeverityCounts}'
ROLES='Roles[].{name:RoleName,arn:Arn}'

usage() {
  cat <<'END'
collect.sh FOLDER [OPTION…]         otherwise from the environment:

  --profile NAME                    AWS_PROFILE
  --region REGION                   REGIONS: where the service is; may be given several times
  --named WORD                      NAMED: what names of the service have in them; all are asked about without it
  --app ID                          APP: of Amplify; nothing of Amplify is asked without it
  --app-region REGION, --branch B   APP_REGION, BRANCH: otherwise the first region, and main
  --mail-region REGION              MAIL_REGION: of SES; otherwise the first region

FOLDER has to be empty, or not there yet.
END
}

fail() {
  printf '%s\n' "$1" >&2
  exit 2
}

# --- How answers are saved

# Write a value as part of a file's name.
part() {
  local LC_ALL=C text=$1 sign code i
  case $text in
    arn:*) text=${text#arn:*:*:*:*:} ;;
    *://*) text=${text##*/} ;;
  esac
  for ((i = 0; i < ${#text}; i++)); do
    sign=${text:i:1}
    case $sign in
      [A-Za-z0-9._@=+,-]) printf %s "$sign" ;;
      *)
        printf -v code %d "'$sign"
        printf '%%%02X' $((code & 255))
        ;;
    esac
  done
}

# Name the file of a command's answer: SERVICE COMMAND [VALUE…]
named() {
  local file="$1.$2${at:+.$at}" value
  shift 2
  for value in "$@"; do file+=".$(part "$value")"; done
  printf %s "$file"
}

# Ask AWS: SERVICE COMMAND [OPTION…]
cli() {
  case $2 in
    describe-* | get-* | list-*) ;;
    *) fail "$1 $2 does not only read" ;;
  esac
  aws "$1" "$2" ${at:+--region "$at"} "${@:3}" </dev/null
}

# Save an answer: FILE SERVICE COMMAND [OPTION…]
ask() {
  local file=$folder/$1 name=$1 text
  shift
  if cli "$@" --output json >"$file.part" 2>"$file.error"; then
    [ -s "$file.part" ] || echo '{}' >"$file.part" # which the CLI leaves out
    mv "$file.part" "$file.json"
    rm -f "$file.error"
    printf 'saved    %s\n' "$name"
  else
    rm -f "$file.part"
    text=$(tr -s '\n ' ' ' <"$file.error")
    text=${text# } text=${text% }
    printf 'refused  %s: %s\n' "$name" "${text:0:160}"
    return 1
  fi
}

# Save an answer to a file that is called as it should be: SERVICE COMMAND [VALUE…] -- [OPTION…]
save() {
  local service=$1 command=$2 values=()
  shift 2
  while [ "$1" != -- ]; do
    values+=("$1")
    shift
  done
  shift
  ask "$(named "$service" "$command" ${values[@]+"${values[@]}"})" "$service" "$command" "$@"
}

# List texts of an answer, one a line: SERVICE COMMAND [OPTION…] --query [][…]
texts() {
  cli "$@" --output text 2>/dev/null | sed '/^None$/d; /^$/d'
}

# Call a function with each line, some at once: FUNCTION [ARGUMENT…]
each() {
  local line count=0
  while IFS= read -r line; do
    "$@" "$line" &
    count=$((count + 1))
    [ $((count % AT_ONCE)) -ne 0 ] || wait
  done
  wait
}

# Save what can be asked of so many lines at once: MOST FILE SERVICE COMMAND [OPTION…]
batches() {
  local most=$1 file=$2 line lines=() first
  shift 2
  while IFS= read -r line; do lines+=("$line"); done
  for ((first = 0; first < ${#lines[@]}; first += most)); do
    ask "$file$([ "$first" -eq 0 ] || printf '~%d' $((first / most + 1)))" "$@" "${lines[@]:first:most}"
  done
}

# Choose the values whose name, before them on the line, has the service's word in it.
ours() {
  local name value
  while IFS=$'\t' read -r name value; do
    case $name in *"$word"*) printf '%s\n' "$value" ;; esac
  done
}

# Choose the ARNs whose name has the word, or its and that of what it is in: [OUTER]
ours_by_arn() {
  local arn
  while IFS= read -r arn; do printf '%s\t%s\n' "${1:+$1/}${arn##*/}" "$arn"; done | ours
}

# --- What the document asks, in its order

account() {
  at=""
  save sts get-caller-identity -- || fail "AWS knows nobody by these credentials"
  save iam get-account-summary --
  save iam list-users --
  texts iam list-users --query 'Users[].[UserName]' | each user
  save iam list-roles -- --query "$ROLES"
}

user() {
  save iam list-access-keys "$1" -- --user-name "$1"
  save iam get-login-profile "$1" -- --user-name "$1" && save iam list-mfa-devices "$1" -- --user-name "$1"
}

amplify() {
  at=$app_region
  save amplify get-app "$app" -- --app-id "$app" --query "$APP_NAMES"
  save amplify list-branches "$app" -- --app-id "$app" --query "$BRANCHES"
  save amplify list-jobs "$app" "$branch" -- --app-id "$app" --branch-name "$branch" --query "$JOBS"
}

target_groups() {
  save elbv2 describe-target-groups --
  texts elbv2 describe-target-groups --query 'TargetGroups[].[TargetGroupName,TargetGroupArn]' | ours | each target_health
}

target_health() {
  save elbv2 describe-target-health "$1" -- --target-group-arn "$1"
}

edge() {
  at=""
  save cloudfront list-distributions -- --query "$DISTRIBUTIONS"
  save s3api list-buckets --
}

databases() {
  local kind
  save rds describe-db-instances --
  for kind in manual automated awsbackup; do save rds describe-db-snapshots "$kind" -- --snapshot-type "$kind"; done
}

caches() {
  save elasticache describe-replication-groups --
  save elasticache describe-cache-clusters --
  save elasticache describe-snapshots --
}

clusters() {
  save ecs list-clusters --
  texts ecs list-clusters --query 'clusterArns[].[@]' | ours_by_arn |
    batches 100 "$(named ecs describe-clusters)" ecs describe-clusters --clusters
}

messages() {
  save events list-rules --
  save sqs list-queues -- --page-size 1000
  texts sqs list-queues --page-size 1000 --query 'QueueUrls[].[@]' | each queue
}

queue() {
  save sqs get-queue-attributes "$1" -- --queue-url "$1" --attribute-names \
    ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible RedrivePolicy
}

watched() {
  save cloudwatch describe-alarms -- --alarm-types MetricAlarm CompositeAlarm
  save logs describe-log-groups --
}

mail() {
  local file page options=(--page-size 1000) number=1 name token
  at=$mail_region
  save sesv2 get-account --
  file=$(named sesv2 list-email-identities)
  page=$file
  while ask "$page" sesv2 list-email-identities "${options[@]}"; do
    texts sesv2 list-email-identities "${options[@]}" \
      --query 'EmailIdentities[?IdentityType==`DOMAIN`].[IdentityName]' |
      while IFS= read -r name; do save sesv2 get-email-identity "$name" -- --email-identity "$name"; done
    token=$(sed -n 's/^ *"NextToken": "\(.*\)",\{0,1\}$/\1/p' "$folder/$page.json") # the CLI does not go on by itself
    [ -n "$token" ] || break
    options=(--page-size 1000 --next-token "$token")
    number=$((number + 1))
    page=$file~$number
  done
}

# --- What its checklist needs besides

bucket_blocks() {
  local account
  at=""
  account=$(texts sts get-caller-identity --query Account)
  save s3control get-public-access-block "$account" -- --account-id "$account"
  texts s3api list-buckets --query 'Buckets[].[Name,Name]' | ours | each bucket_block
}

bucket_block() {
  save s3api get-public-access-block "$1" -- --bucket "$1"
}

health_checks() {
  at=""
  save route53 list-health-checks -- --query "$HEALTH_CHECKS"
}

load_balancers() {
  save elbv2 describe-load-balancers --
  texts elbv2 describe-load-balancers --query \
    'LoadBalancers[?Type==`application`&&Scheme!=`internal`].[LoadBalancerName,LoadBalancerArn]' | ours | each listeners
}

listeners() {
  save elbv2 describe-listeners "$1" -- --load-balancer-arn "$1" --query "$LISTENERS"
}

certificates() {
  local all=(--includes "keyTypes=RSA_1024,RSA_2048,RSA_3072,RSA_4096,EC_prime256v1,EC_secp384r1,EC_secp521r1")
  save acm list-certificates -- "${all[@]}"
  texts acm list-certificates "${all[@]}" --query \
    'CertificateSummaryList[?InUse&&RenewalEligibility==`ELIGIBLE`].[CertificateArn]' | each certificate
}

certificate() {
  save acm describe-certificate "$1" -- --certificate-arn "$1"
}

task_definitions() {
  save ecs list-task-definition-families -- --status ACTIVE
  texts ecs list-task-definition-families --status ACTIVE --query 'families[].[@,@]' | ours | each task_definition
}

task_definition() {
  save ecs describe-task-definition "$1" -- --task-definition "$1" --query "$TASK_DEFINITION"
}

services() {
  texts ecs list-clusters --query 'clusterArns[].[@]' | each services_of
}

services_of() {
  save ecs list-services "$1" -- --cluster "$1"
  texts ecs list-services --cluster "$1" --query 'serviceArns[].[@]' | ours_by_arn "${1##*/}" | batches 10 \
    "$(named ecs describe-services "$1")" ecs describe-services --cluster "$1" --query "$SERVICES" --services
}

images() {
  save ecr describe-repositories --
  save ecr get-registry-scanning-configuration --
  texts ecr describe-repositories --query 'repositories[].[repositoryName,repositoryName]' | ours | each images_of
}

images_of() {
  local status digest
  save ecr describe-images "$1" -- --repository-name "$1" --filter tagStatus=TAGGED
  texts ecr describe-images --repository-name "$1" --filter tagStatus=TAGGED --query \
    'sort_by(imageDetails[?imageTags],&imagePushedAt)[-1:].[imageScanStatus.status,imageDigest]' |
    while IFS=$'\t' read -r status digest; do
      [ "$status" != None ] || save ecr describe-image-scan-findings "$1" "$digest" -- --repository-name "$1" \
        --image-id "imageDigest=$digest" --max-results 1 --query "$FINDINGS"
    done
}

others() {
  save backup list-backup-plans --
  save ec2 describe-security-groups --
}

# --- Begin

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit ;;
    --profile | --region | --named | --app | --app-region | --branch | --mail-region)
      [ $# -gt 1 ] || fail "$1 needs a value"
      case $1 in
        --profile) export AWS_PROFILE=$2 ;;
        --region) regions+=("$2") ;;
        --named) word=$2 ;;
        --app) app=$2 ;;
        --app-region) app_region=$2 ;;
        --branch) branch=$2 ;;
        --mail-region) mail_region=$2 ;;
      esac
      shift
      ;;
    -*) fail "$1 is no option: see --help" ;;
    *) folder=$1 ;;
  esac
  shift
done

[ ${#regions[@]} -gt 0 ] || read -r -a regions <<<"${REGIONS:-${AWS_REGION:-${AWS_DEFAULT_REGION:-}}}"
[ -n "$folder" ] || { usage >&2 && exit 2; }
[ ${#regions[@]} -gt 0 ] || fail "Which regions? --region us-east-1"
command -v aws >/dev/null || fail "There is no AWS CLI here"
mkdir -p "$folder" || exit 2
[ -z "$(ls -A "$folder")" ] || fail "$folder is not empty: what is in it may be of another day"
app_region=${app_region:-${regions[0]}} mail_region=${mail_region:-${regions[0]}}
export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-${regions[0]}}
date -u +%Y-%m-%dT%H:%M:%SZ >"$folder/saved-at"

account
[ -z "$app" ] || amplify
for at in "${regions[@]}"; do target_groups; done
edge
for at in "${regions[@]}"; do
  databases
  caches
  clusters
  messages
  watched
done
mail
bucket_blocks
health_checks
for at in "${regions[@]}"; do
  load_balancers
  certificates
  task_definitions
  services
  images
  others
done

printf '\nSaved in %s: %d answers. Refused: %d, see the files that end in .error; some tell that there is no such thing.\n' \
  "$folder" "$(find "$folder" -name '*.json' | wc -l)" "$(find "$folder" -name '*.error' | wc -l)"
