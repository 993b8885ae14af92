"""ACM and the certificates of a load balancer's listener about a crowd.

Source: the API references of ACM (ListCertificates, DescribeCertificate) and of Elastic Load Balancing
(DescribeListenerCertificates).
"""

import functools
from datetime import timedelta

from bench.crowd_terms import ACCOUNT, REGION, Json, Refused, Service, marked, page, within

HOST = "api.example.com"
LIST_PAGE, MOST_LIST_PAGE, NAMES_LISTED = 100, 1000, 100
ATTACHED_PAGE, MOST_ATTACHED_PAGE = 100, 400
LISTED_BY_DEFAULT = ["RSA_2048"]
KEYS = [
    "RSA_2048",
    "EC_prime256v1",
    "RSA_1024",
    "RSA_3072",
    "RSA_4096",
    "EC_secp384r1",
    "EC_secp521r1",
]
STATUSES = ["ISSUED", "PENDING_VALIDATION", "EXPIRED", "ISSUED", "FAILED", "VALIDATION_TIMED_OUT", "ISSUED", "REVOKED"]
USES = {
    "KeyUsages": ["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"],
    "ExtendedKeyUsages": ["TLS_WEB_SERVER_AUTHENTICATION", "TLS_WEB_CLIENT_AUTHENTICATION"],
}
PENDING, LONG = 1, 500  # the number of the one that the host waits for; each so-manieth has many names


class Certificates(Service):
    """ACM has a valid certificate for the host, which the listener presents, and waits for a newer one of it.

    All others are for other hosts, of every kind of key and in every state; a listener's are valid.
    """

    def _ListCertificates(self, asked: Json) -> Json:  # noqa: N802  named as AWS names it, as all that follow
        most = asked.get("MaxItems", LIST_PAGE)
        within("MaxItems", most, MOST_LIST_PAGE)
        keys = asked.get("Includes", {}).get("keyTypes", LISTED_BY_DEFAULT)
        numbers = [n for n in range(self._count) if KEYS[n % len(KEYS)] in keys]
        given = page("numbers", numbers, most, {"nextToken": asked.get("NextToken", 0)})
        token = {"NextToken": given["nextToken"]} if "nextToken" in given else {}
        return {"CertificateSummaryList": [self._listed(n) for n in given["numbers"]], **token}

    def _DescribeCertificate(self, asked: Json) -> Json:  # noqa: N802
        n = int(asked["CertificateArn"].rpartition("-")[2])
        if n >= self._count:
            raise Refused(f"CertificateArn: there is no {asked['CertificateArn']}")
        told, names = self._told(n), self._names(n)
        options = [_validation(name, told["Status"]) for name in names] if told["Type"] == "AMAZON_ISSUED" else []
        validation = {"DomainValidationOptions": options} if options else {}
        return {"Certificate": told | {"SubjectAlternativeNames": names} | validation}

    def _DescribeListenerCertificates(self, asked: Json) -> Json:  # noqa: N802
        """List the default certificate twice: by itself, and among all of them."""
        most = int(asked.get("PageSize", ATTACHED_PAGE))
        within("PageSize", most, MOST_ATTACHED_PAGE)
        listed = [{"CertificateArn": arn, "IsDefault": False} for arn in self.attached]
        given = [{"CertificateArn": self.attached[0], "IsDefault": True}, *listed]
        return marked("Certificates", given, most, asked)

    @functools.cached_property
    def _valid(self) -> set[str]:
        return set(self.attached)

    @property
    def attached(self) -> list[str]:
        """The ARNs of the listener's certificates; the default one is for the host."""
        return [_arn(n) for n in (0, *range(2, self.size.attached + 1))]

    @property
    def _count(self) -> int:
        return max(self.size.certificates, self.size.attached + 1)

    def _listed(self, n: int) -> Json:
        names = self._names(n)
        more = len(names) > NAMES_LISTED
        listed = {"SubjectAlternativeNameSummaries": names[:NAMES_LISTED], "HasAdditionalSubjectAlternativeNames": more}
        return self._told(n) | USES | listed | {"InUse": _arn(n) in self._valid}

    def _told(self, n: int) -> Json:
        status = "ISSUED" if _arn(n) in self._valid else STATUSES[n % len(STATUSES)]
        imported = n > PENDING and n % 3 == 0
        made = self.now - timedelta(days=0 if n == PENDING else 1 + n % 90)
        ends = self.now + timedelta(days=-3 if status == "EXPIRED" else 30 + n % 300)
        dates = {"NotBefore": made, "NotAfter": ends} if status in ("ISSUED", "EXPIRED", "REVOKED") else {}
        return {
            "CertificateArn": _arn(n),
            "DomainName": self._names(n)[0],
            "Status": status,
            "Type": "IMPORTED" if imported else "AMAZON_ISSUED",
            "KeyAlgorithm": KEYS[n % len(KEYS)],
            "RenewalEligibility": "INELIGIBLE",
            "ImportedAt" if imported else "CreatedAt": made,
        } | dates

    def _names(self, n: int) -> list[str]:
        many = n % LONG == LONG - 1
        name = HOST if n in (0, PENDING) else f"{n}.example.com"
        return [name, *(f"{one}.{name}" for one in range(NAMES_LISTED + 20 if many else 2))]


def _arn(n: int) -> str:
    return f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/00000000-0000-0000-0000-{n:012d}"


def _validation(name: str, status: str) -> Json:
    record = {"Name": f"_{len(name):032x}.{name}.", "Type": "CNAME", "Value": f"_{1:032x}.acm-validations.aws."}
    state = "SUCCESS" if status == "ISSUED" else "PENDING_VALIDATION"
    return {"DomainName": name, "ValidationMethod": "DNS", "ValidationStatus": state, "ResourceRecord": record}
