using System.Security.Cryptography;

namespace Gatehouse.Hosting.Tls;

/// <summary>
/// The key of a private key file of RFC 1423 as OpenSSL makes it (its <c>EVP_BytesToKey</c> with one round): MD5 over passphrase and
/// salt, each digest chained to the one before, until long enough.
/// </summary>
public static class OpenSslKey
{
    /// <param name="salt">The first 8 bytes of the IV.</param>
    /// <param name="length">Of the key, in bytes.</param>
    public static byte[] Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int length)
    {
#pragma warning disable CA5351 // MD5 is fixed by the format.
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        var key = new byte[length];
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        for (var done = 0; done < length; done += digest.Length)
        {
            if (done > 0)
                md5.AppendData(digest);
            md5.AppendData(passphrase);
            md5.AppendData(salt);
            md5.GetHashAndReset(digest);
            digest[..Math.Min(digest.Length, length - done)].CopyTo(key.AsSpan(done));
        }
        CryptographicOperations.ZeroMemory(digest);
        return key;
    }
}
