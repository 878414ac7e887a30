using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// OpenSSH user certificates over P-256 (<c>ecdsa-sha2-nistp256-cert-v01@openssh.com</c>, OpenSSH's PROTOCOL.certkeys): nonce, curve,
/// public point, serial, type 1 (user), key id, principals, validity, critical options, extensions, reserved, signing key, signature;
/// strings with a 32-bit length before them, all of it base64 in one line.
/// </summary>
internal static class SshCertificate
{
    private const string KeyType = "ecdsa-sha2-nistp256";
    private const string CertificateType = "ecdsa-sha2-nistp256-cert-v01@openssh.com";
    private const string Curve = "nistp256";
    private const uint UserCertificate = 1;

    /// <summary>The public key as <c>TYPE BASE64</c>, the form of known_hosts and authorized_keys.</summary>
    public static string PublicKeyLine(ECDsa key) => $"{KeyType} {Convert.ToBase64String(PublicKeyBlob(key))}";

    /// <summary>
    /// Signs a user certificate. It carries no <c>permit-…</c> extension: it lets nobody in anywhere by itself, identity files only need one
    /// to be there (teleport-wire 6.4).
    /// </summary>
    public static string IssueLine(ECDsa authority, ECDsa subject, string user, IEnumerable<string> principals, DateTimeOffset validAfter, DateTimeOffset validBefore)
    {
        var body = new List<byte>(1024);
        String(body, CertificateType);
        String(body, RandomNumberGenerator.GetBytes(32));
        String(body, Curve);
        String(body, Point(subject));
        UInt64(body, BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8)) >> 1);
        UInt32(body, UserCertificate);
        String(body, user);
        String(body, Packed(principals));
        UInt64(body, (ulong)validAfter.ToUnixTimeSeconds());
        UInt64(body, (ulong)validBefore.ToUnixTimeSeconds());
        String(body, ReadOnlySpan<byte>.Empty);
        String(body, ReadOnlySpan<byte>.Empty);
        String(body, ReadOnlySpan<byte>.Empty);
        String(body, PublicKeyBlob(authority));
        String(body, Sign(authority, body.ToArray()));
        return $"{CertificateType} {Convert.ToBase64String(body.ToArray())}";
    }

    private static byte[] Sign(ECDsa authority, byte[] body)
    {
        var pair = authority.SignData(body, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var numbers = new List<byte>(80);
        String(numbers, Positive(pair.AsSpan(0, 32)));
        String(numbers, Positive(pair.AsSpan(32)));
        var signature = new List<byte>(120);
        String(signature, KeyType);
        String(signature, numbers.ToArray());
        return signature.ToArray();
    }

    /// <summary>RFC 4251 mpint of a positive number: no leading zeros, except one where the top bit is set.</summary>
    private static byte[] Positive(ReadOnlySpan<byte> number)
    {
        number = number.TrimStart((byte)0);
        return number.Length > 0 && number[0] >= 0x80 ? [0, .. number] : number.ToArray();
    }

    private static byte[] PublicKeyBlob(ECDsa key)
    {
        var blob = new List<byte>(128);
        String(blob, KeyType);
        String(blob, Curve);
        String(blob, Point(key));
        return blob.ToArray();
    }

    /// <summary>The uncompressed point of SEC 1.</summary>
    private static byte[] Point(ECDsa key)
    {
        var q = key.ExportParameters(false).Q;
        return [4, .. q.X!, .. q.Y!];
    }

    private static byte[] Packed(IEnumerable<string> values)
    {
        var packed = new List<byte>();
        foreach (var value in values)
            String(packed, value);
        return packed.ToArray();
    }

    private static void String(List<byte> to, string value) => String(to, Encoding.UTF8.GetBytes(value));

    private static void String(List<byte> to, ReadOnlySpan<byte> value)
    {
        UInt32(to, (uint)value.Length);
        to.AddRange(value);
    }

    private static void UInt32(List<byte> to, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        to.AddRange(bytes);
    }

    private static void UInt64(List<byte> to, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        to.AddRange(bytes);
    }
}
