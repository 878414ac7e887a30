using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.EventHandler.Configure;

/// <summary>
/// The encrypted private key form of RFC 1423 that Fluentd and every OpenSSL read: headers <c>Proc-Type</c> and <c>DEK-Info</c>, then the
/// PKCS#1 DER under AES-256-CBC with PKCS#7 padding, in 64 columns. The key is OpenSSL's EVP_BytesToKey: MD5 over password and the
/// first 8 bytes of the IV, one round, chained to 32 bytes.
/// </summary>
internal static class EncryptedPem
{
    public static string Write(RSA key, byte[] password)
    {
        var der = key.ExportRSAPrivateKey();
        var iv = RandomNumberGenerator.GetBytes(16);
        using var aes = Aes.Create();
        aes.Key = DeriveKey(password, iv.AsSpan(0, 8));
        var encrypted = aes.EncryptCbc(der, iv);
        CryptographicOperations.ZeroMemory(der);

        var text = new StringBuilder();
        text.Append("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,").Append(Convert.ToHexStringLower(iv)).Append("\n\n");
        var base64 = Convert.ToBase64String(encrypted);
        for (var start = 0; start < base64.Length; start += 64)
            text.Append(base64, start, Math.Min(64, base64.Length - start)).Append('\n');
        return text.Append("-----END RSA PRIVATE KEY-----\n").ToString();
    }

    private static byte[] DeriveKey(byte[] password, ReadOnlySpan<byte> salt)
    {
        var key = new byte[32];
        for (var done = 0; done < key.Length; done += 16)
        {
#pragma warning disable CA5351 // MD5 is fixed by the format, which Fluentd needs; the file's mode is the stronger guard.
            using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
            if (done > 0)
                md5.AppendData(key, done - 16, 16);
            md5.AppendData(password);
            md5.AppendData(salt);
            md5.GetHashAndReset().CopyTo(key, done);
        }
        return key;
    }
}
