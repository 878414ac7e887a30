using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Credentials;

/// <summary>The three PEM files of <c>tctl auth sign --format=tls</c>, or tbot's tlscert, key and teleport-host-ca.crt (teleport-wire 1.2).</summary>
internal static class KeyPair
{
    /// <exception cref="CredentialException">One of the texts does not hold what it should.</exception>
    public static ClusterCredentials Parse(string certificateText, string keyText, string authoritiesText)
    {
        var chain = Read(certificateText, "certificate").Where(block => block.Label == "CERTIFICATE").Select(Pem.Certificate).ToList();
        if (chain.Count == 0)
            throw new CredentialException("the certificate file holds no CERTIFICATE block; is it written to its end?");
        var key = Read(keyText, "key").Find(block => block.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
            ?? throw new CredentialException("the key file holds no private key; is it written to its end?");
        var authorities = Read(authoritiesText, "CA").Where(block => block.Label == "CERTIFICATE").Select(Pem.Certificate).ToArray();
        if (authorities.Length == 0)
            throw new CredentialException("the CA file holds no CERTIFICATE block; is it written to its end?");

        var certificate = PrivateKey.Join(chain[0], key);
        return new ClusterCredentials(certificate, new X509Certificate2Collection(authorities), CertificateNames.ClusterName(certificate))
        {
            Intermediates = new X509Certificate2Collection(chain.Skip(1).ToArray()),
        };
    }

    private static List<PemBlock> Read(string text, string file)
    {
        try
        {
            return Pem.Read(text);
        }
        catch (CredentialException e)
        {
            throw new CredentialException($"the {file} file: {e.Message}", e);
        }
    }
}
