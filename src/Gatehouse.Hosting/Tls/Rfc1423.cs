using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Hosting.Tls;

/// <summary>
/// Opens keys of the form <c>Proc-Type: 4,ENCRYPTED</c> (RFC 1423 as OpenSSL writes it): CBC under the key of
/// <see cref="OpenSslKey"/>. The framework has no reader for it.
/// </summary>
internal static class Rfc1423
{
    /// <exception cref="CryptographicException">Wrong passphrase, or a cipher not known here.</exception>
    /// <exception cref="FormatException">The <c>DEK-Info</c> line is not what it should be.</exception>
    public static byte[] Decrypt(PemBlock block, string passphrase)
    {
        if (!block.Headers.TryGetValue("DEK-Info", out var info) || info.IndexOf(',', StringComparison.Ordinal) is not (> 0 and var comma))
            throw new FormatException("no DEK-Info line");
        var iv = Convert.FromHexString(info[(comma + 1)..].Trim());
        using var cipher = Cipher(info[..comma].Trim().ToUpperInvariant());
        if (iv.Length != cipher.BlockSize / 8)
            throw new FormatException("the DEK-Info line has an IV of the wrong length");
        cipher.Key = OpenSslKey.Derive(Encoding.UTF8.GetBytes(passphrase), iv.AsSpan(0, 8), cipher.KeySize / 8);
        return cipher.DecryptCbc(block.Der, iv, PaddingMode.PKCS7);
    }

#pragma warning disable CA5350, CA5351 // The file chose its cipher; refusing it would only mean the key cannot be read.
    private static SymmetricAlgorithm Cipher(string name) => name switch
    {
        "AES-128-CBC" => Aes(128),
        "AES-192-CBC" => Aes(192),
        "AES-256-CBC" => Aes(256),
        "DES-EDE3-CBC" => TripleDES.Create(),
        "DES-CBC" => DES.Create(),
        _ => throw new CryptographicException($"the cipher {name} is not supported"),
    };

    private static Aes Aes(int bits)
    {
        var aes = System.Security.Cryptography.Aes.Create();
        aes.KeySize = bits;
        return aes;
    }
#pragma warning restore CA5350, CA5351
}
