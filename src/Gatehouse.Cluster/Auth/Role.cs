using System.Text.Json.Serialization;

namespace Gatehouse.Cluster.Auth;

/// <summary>A name for a set of rights.</summary>
/// <param name="Name">As it stands in certificates (O).</param>
/// <param name="Rules">What it allows; nothing else is allowed.</param>
public sealed record Role(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("rules")] IReadOnlyList<RoleRule> Rules)
{
    /// <summary>Roles that are always there. One of the same name in <c>roles.json</c> takes its place.</summary>
    public static IReadOnlyList<Role> BuiltIn { get; } =
    [
        new("teleport-event-handler", [new(["event", "session"], ["list", "read"])]),
        new("teleport-event-handler-locks", [new(["lock"], ["create", "update"])]),
        new("auditor", [new(["event", "session", "lock"], ["list", "read"])]),
        new("editor", [new(["*"], ["*"])]),
    ];

    public bool Allows(string resource, string verb) => Rules.Any(rule => rule.Allows(resource, verb));
}

/// <param name="Resources">Kinds such as <c>event</c>, <c>session</c>, <c>lock</c>; <c>*</c> is all.</param>
/// <param name="Verbs"><c>list</c>, <c>read</c>, <c>create</c>, <c>update</c>, <c>delete</c>; <c>*</c> is all.</param>
public sealed record RoleRule(
    [property: JsonPropertyName("resources")] IReadOnlyList<string> Resources,
    [property: JsonPropertyName("verbs")] IReadOnlyList<string> Verbs)
{
    internal bool Allows(string resource, string verb) =>
        (Resources.Contains(resource) || Resources.Contains("*")) && (Verbs.Contains(verb) || Verbs.Contains("*"));
}

/// <summary>Somebody who may have a certificate.</summary>
public sealed record User(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("roles")] IReadOnlyList<string> Roles)
{
    /// <summary>The event handler's own user is there from the start, so that its first credential needs one command.</summary>
    public static IReadOnlyList<User> BuiltIn { get; } = [new("teleport-event-handler", ["teleport-event-handler"])];
}
