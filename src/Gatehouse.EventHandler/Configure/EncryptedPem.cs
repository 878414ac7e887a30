using System.Security.Cryptography;
using System.Text;
using Gatehouse.Hosting.Tls;

namespace Gatehouse.EventHandler.Configure;

/// <summary>
/// The encrypted private key form of RFC 1423 that Fluentd and every OpenSSL read: headers <c>Proc-Type</c> and <c>DEK-Info</c>, then the
/// PKCS#1 DER under AES-256-CBC with PKCS#7 padding, in 64 columns. The key is that of <see cref="OpenSslKey"/>: MD5, which
/// the format and so Fluentd asks for; the file's mode is the stronger guard.
/// </summary>
internal static class EncryptedPem
{
    public static string Write(RSA key, byte[] password)
    {
        var der = key.ExportRSAPrivateKey();
        var iv = RandomNumberGenerator.GetBytes(16);
        using var aes = Aes.Create();
        aes.Key = OpenSslKey.Derive(password, iv.AsSpan(0, 8), 32);
        var encrypted = aes.EncryptCbc(der, iv);
        CryptographicOperations.ZeroMemory(der);

        var text = new StringBuilder();
        text.Append("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,").Append(Convert.ToHexStringLower(iv)).Append("\n\n");
        var base64 = Convert.ToBase64String(encrypted);
        for (var start = 0; start < base64.Length; start += 64)
            text.Append(base64, start, Math.Min(64, base64.Length - start)).Append('\n');
        return text.Append("-----END RSA PRIVATE KEY-----\n").ToString();
    }
}
