using Gatehouse.Api.Grpc;

namespace Gatehouse.Cluster.Auth;

/// <summary>Who makes a call. Only <see cref="Gate"/> makes one, after it has looked at certificate and locks.</summary>
internal sealed class Caller
{
    private readonly IReadOnlyList<Role> _roles;

    internal Caller(string user, string? impersonator, IReadOnlyList<Role> roles) => (User, Impersonator, _roles) = (user, impersonator, roles);

    /// <summary>User name; empty for a client without certificate.</summary>
    public string User { get; }

    public string? Impersonator { get; }

    /// <summary>Ends the call unless each right is there, naming every missing one as the real one does.</summary>
    /// <exception cref="GrpcException">Permission denied.</exception>
    public void Require(string resource, params ReadOnlySpan<string> verbs)
    {
        List<string>? missing = null;
        foreach (var verb in verbs)
        {
            if (!_roles.Any(role => role.Allows(resource, verb)))
                (missing ??= []).Add($"access denied to perform action \"{verb}\" on \"{resource}\"");
        }
        if (missing is not null)
            throw new GrpcException(GrpcStatus.PermissionDenied, string.Join(", ", missing));
    }
}
