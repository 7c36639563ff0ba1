/* SPDX-License-Identifier: ISC */
/*
 * MESSAGE_ID of each kind of event: made by `systemd-id128 new`, never counted
 * up, never reused. Each has an entry in systemd/hardend.catalog (unit test).
 */
#pragma once

#define MESSAGE_ID_OPENED     "9d95b492bb3a455fb86e69bab238f3b8"
#define MESSAGE_ID_CHANGED    "4b18199431074b31a095f02411912e8d"
#define MESSAGE_ID_RESOLVED   "e790debcedb546aaa58900907897b057"
#define MESSAGE_ID_DRIFT      "92090081d69b482194661c40420b41be"
#define MESSAGE_ID_WAIVED     "e51a199290b34ed7b7b2212fb6223ad8"
#define MESSAGE_ID_ACCEPTED   "cfea9eab6dae4de1b42486195fd24d86"
#define MESSAGE_ID_DEGRADED   "e6ed42bc13984428819a39584039d0c2"
#define MESSAGE_ID_RECOVERED  "a76ae7d4d88d4dca880a4ad1f912b903"
#define MESSAGE_ID_STARTED    "ec2b3e6173404fcda12152e02ed85221"
#define MESSAGE_ID_STOPPED    "ddb71a4e01de4ff7b12ebfa824b9064e"
#define MESSAGE_ID_HEARTBEAT  "c922517d92304cc991ebbb556eb6ce63"
