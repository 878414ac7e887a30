using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Credentials;

/// <summary>Private keys of PKCS#1, SEC 1 and PKCS#8 (RSA, P-256, P-384, P-521), joined with their certificate.</summary>
internal static class PrivateKey
{
    private const string Ed25519Oid = "1.3.101.112";

    /// <exception cref="CredentialException">The key is of a kind we cannot use, or belongs to another certificate.</exception>
    public static X509Certificate2 Join(X509Certificate2 certificate, PemBlock block)
    {
        Check(block);
        try
        {
            switch (certificate.PublicKey.Oid.Value)
            {
                case "1.2.840.113549.1.1.1":
                    using (var rsa = RSA.Create())
                    {
                        rsa.ImportFromPem(block.Text);
                        return certificate.CopyWithPrivateKey(rsa);
                    }
                case "1.2.840.10045.2.1":
                    using (var ecdsa = ECDsa.Create())
                    {
                        ecdsa.ImportFromPem(block.Text);
                        return certificate.CopyWithPrivateKey(ecdsa);
                    }
                case Ed25519Oid:
                    throw new CredentialException(
                        "the certificate has an Ed25519 key, which .NET cannot use for TLS; sign a credential with an RSA or ECDSA key (cluster signature suite legacy, balanced-v1 or fips-v1)");
                default:
                    throw new CredentialException($"the certificate has a key of the unknown kind {certificate.PublicKey.Oid.Value}; RSA and ECDSA work");
            }
        }
        catch (ArgumentException e)
        {
            // CopyWithPrivateKey says so; ImportFromPem when the block holds a key of another algorithm or no base64.
            throw new CredentialException("private key does not match public key of the certificate, or cannot be decoded", e);
        }
        catch (CryptographicException e)
        {
            throw new CredentialException("failed to parse private key", e);
        }
    }

    private static void Check(PemBlock block)
    {
        if (block.Label == "PIV YUBIKEY PRIVATE KEY")
            throw new CredentialException("the private key lives in a hardware token (PIV), which a daemon cannot use; sign a credential without hardware key support");
        if (block.Label is not ("RSA PRIVATE KEY" or "EC PRIVATE KEY" or "PRIVATE KEY" or "ENCRYPTED PRIVATE KEY"))
            throw new CredentialException($"unexpected private key PEM type \"{block.Label}\"");
        if (block.Encrypted)
            throw new CredentialException("the private key has a passphrase; credentials for the cluster are used without one");
    }
}
