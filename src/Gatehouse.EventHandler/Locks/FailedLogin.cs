using System.Text.Json;
using Gatehouse.Events;

namespace Gatehouse.EventHandler.Locks;

/// <summary>What counts of a failed <c>user.login</c>.</summary>
internal sealed record FailedLogin(string User, string Login)
{
    /// <returns>Null when the login succeeded or names no user.</returns>
    public static FailedLogin? Read(ReadOnlySpan<byte> json)
    {
        string user = "", login = "";
        var success = false;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = EventLimits.MaxDepth + 1 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueTextEquals("user"u8) ? 1 : reader.ValueTextEquals("login"u8) ? 2 : reader.ValueTextEquals("success"u8) ? 3 : 0;
            reader.Read();
            switch (name, reader.TokenType)
            {
                case (1, JsonTokenType.String):
                    user = reader.GetString() ?? "";
                    break;
                case (2, JsonTokenType.String):
                    login = reader.GetString() ?? "";
                    break;
                case (3, JsonTokenType.True):
                    success = true;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return success || user.Length == 0 ? null : new FailedLogin(user, login);
    }
}
