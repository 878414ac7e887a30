using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// Who a certificate speaks for, as Teleport's clients and servers write it into the subject (teleport-wire 1.3): each standard
/// attribute is one RDN that holds all its values, then CN, then one RDN for each 1.3.9999 attribute.
/// </summary>
internal sealed record CertificateSubject
{
    private const string CommonName = "2.5.4.3", Organization = "2.5.4.10", OrganizationalUnit = "2.5.4.11";
    private const string Locality = "2.5.4.7", Street = "2.5.4.9", PostalCode = "2.5.4.17";
    private const string ClusterOid = "1.3.9999.1.7", KeyPolicyOid = "1.3.9999.1.15", ImpersonatorOid = "1.3.9999.2.7";

    public required string User { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
    public IReadOnlyList<string> Logins { get; init; } = [];

    /// <summary>Restrictions such as <c>usage:kube</c>. A restricted certificate is no good at the Auth API.</summary>
    public IReadOnlyList<string> Usages { get; init; } = [];

    public string RouteToCluster { get; init; } = "";

    /// <summary>Traits as JSON text; <c>null</c> for system certificates.</summary>
    public string Traits { get; init; } = "null";

    public required string Cluster { get; init; }
    public string? Impersonator { get; init; }
    public string? KeyPolicy { get; init; }

    public byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            Write(writer, Locality, Logins);
            Write(writer, Street, [RouteToCluster]);
            Write(writer, PostalCode, [Traits]);
            Write(writer, Organization, Roles);
            Write(writer, OrganizationalUnit, Usages);
            Write(writer, CommonName, [User]);
            Write(writer, ClusterOid, [Cluster]);
            if (Impersonator is not null)
                Write(writer, ImpersonatorOid, [Impersonator]);
            if (KeyPolicy is not null)
                Write(writer, KeyPolicyOid, [KeyPolicy]);
        }
        return writer.Encode();
    }

    /// <summary>Reads the raw RDN sequence; attributes nobody knows are skipped. Null when the name is malformed or has no CN.</summary>
    public static CertificateSubject? Read(X500DistinguishedName name)
    {
        var values = new Dictionary<string, List<string>>();
        try
        {
            var rdns = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence();
            while (rdns.HasData)
            {
                var rdn = rdns.ReadSetOf();
                while (rdn.HasData)
                    ReadAttribute(rdn.ReadSequence(), values);
            }
        }
        catch (AsnContentException)
        {
            return null;
        }
        string? First(string oid) => values.TryGetValue(oid, out var list) ? list[0] : null;
        IReadOnlyList<string> All(string oid) => values.TryGetValue(oid, out var list) ? list : [];
        return First(CommonName) is not { Length: > 0 } user ? null : new CertificateSubject
        {
            User = user,
            Roles = All(Organization),
            Logins = All(Locality),
            Usages = All(OrganizationalUnit),
            RouteToCluster = First(Street) ?? "",
            Traits = First(PostalCode) ?? "null",
            Cluster = First(ClusterOid) ?? "",
            Impersonator = First(ImpersonatorOid),
            KeyPolicy = First(KeyPolicyOid),
        };
    }

    private static void ReadAttribute(AsnReader attribute, Dictionary<string, List<string>> values)
    {
        var oid = attribute.ReadObjectIdentifier();
        var tag = attribute.PeekTag();
        if (tag.TagClass != TagClass.Universal)
            return;
        var kind = (UniversalTagNumber)tag.TagValue;
        if (kind is not (UniversalTagNumber.PrintableString or UniversalTagNumber.UTF8String or UniversalTagNumber.IA5String))
            return;
        var value = attribute.ReadCharacterString(kind);
        if (values.TryGetValue(oid, out var list))
            list.Add(value);
        else
            values[oid] = [value];
    }

    private static void Write(AsnWriter writer, string oid, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        using (writer.PushSetOf())
        {
            foreach (var value in values.Distinct())
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(oid);
                    writer.WriteCharacterString(IsPrintable(value) ? UniversalTagNumber.PrintableString : UniversalTagNumber.UTF8String, value);
                }
            }
        }
    }

    private static bool IsPrintable(string value) =>
        value.All(c => char.IsAsciiLetterOrDigit(c) || " '()+,-./:=?".Contains(c, StringComparison.Ordinal));
}
