namespace Gatehouse.Api.AuditLog;

/// <summary>Full names of the calls this product makes or answers (teleport-wire 4.1, 4.2).</summary>
public static class Methods
{
    public const string GetUnstructuredEvents = "/teleport.auditlog.v1.AuditLogService/GetUnstructuredEvents";
    public const string GetEventExportChunks = "/teleport.auditlog.v1.AuditLogService/GetEventExportChunks";
    public const string ExportUnstructuredEvents = "/teleport.auditlog.v1.AuditLogService/ExportUnstructuredEvents";
    public const string StreamUnstructuredSessionEvents = "/teleport.auditlog.v1.AuditLogService/StreamUnstructuredSessionEvents";

    public const string Ping = "/proto.AuthService/Ping";
    public const string GetLock = "/proto.AuthService/GetLock";
    public const string GetLocks = "/proto.AuthService/GetLocks";
    public const string UpsertLock = "/proto.AuthService/UpsertLock";
    public const string DeleteLock = "/proto.AuthService/DeleteLock";
}
