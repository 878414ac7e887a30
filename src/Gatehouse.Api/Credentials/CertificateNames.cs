using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Api.Credentials;

/// <summary>
/// Attributes of a distinguished name, read from its DER. Teleport puts several values into one RDN and uses OIDs of its own
/// (teleport-wire 1.3), both of which the printed form of the name hides.
/// </summary>
internal static class CertificateNames
{
    private const string CommonNameOid = "2.5.4.3";
    private const string OrganizationOid = "2.5.4.10";
    private const string TeleportClusterOid = "1.3.9999.1.7";

    /// <summary>The cluster that issued the certificate.</summary>
    /// <exception cref="CredentialException">Neither subject nor issuer names one.</exception>
    public static string ClusterName(X509Certificate2 certificate)
    {
        var name = First(certificate.SubjectName, TeleportClusterOid)
            ?? First(certificate.IssuerName, OrganizationOid)
            ?? First(certificate.IssuerName, CommonNameOid);
        return string.IsNullOrEmpty(name)
            ? throw new CredentialException("the certificate names no cluster (subject attribute 1.3.9999.1.7, or the issuer's O or CN)")
            : name;
    }

    /// <summary>The common name, or the whole name when it has none.</summary>
    public static string CommonName(X500DistinguishedName name) => First(name, CommonNameOid) ?? name.Name;

    /// <summary>The first value of an attribute in wire order; null when absent or not DER.</summary>
    public static string? First(X500DistinguishedName name, string oid)
    {
        try
        {
            var sequence = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                // Go does not sort the members of a multi-valued RDN, hence the lenient set order.
                var rdn = sequence.ReadSetOf(skipSortOrderValidation: true);
                while (rdn.HasData)
                {
                    var attribute = rdn.ReadSequence();
                    if (attribute.ReadObjectIdentifier() == oid)
                        return ReadText(attribute);
                }
            }
        }
        catch (AsnContentException)
        {
            return null;
        }
        return null;
    }

    private static string ReadText(AsnReader value)
    {
        var tag = (UniversalTagNumber)value.PeekTag().TagValue;
        // Decoded by hand: writers put characters into PrintableString that its definition does not have.
        var bytes = value.ReadEncodedValue();
        AsnDecoder.ReadEncodedValue(bytes.Span, AsnEncodingRules.DER, out var offset, out var length, out _);
        var content = bytes.Span.Slice(offset, length);
        return tag switch
        {
            UniversalTagNumber.BMPString => Encoding.BigEndianUnicode.GetString(content),
            UniversalTagNumber.T61String => Encoding.Latin1.GetString(content),
            _ => Encoding.UTF8.GetString(content),
        };
    }
}
